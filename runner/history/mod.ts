/** The history of runs: what passed where, how often, since when, and at what cost. */
export { baselinesOf, baselineTicks, judgeByBaselines } from "./baseline.ts";
export {
  type Bounds,
  type Comparison,
  compareAttempts,
  DEFAULT_BOUNDS,
  regressions,
} from "./compare.ts";
export { historyPath } from "./place.ts";
export { historyReporter, runInfo } from "./reporter.ts";
export { type Rate, rateOf, rateText } from "./statistics.ts";
export type { Baseline } from "./store.ts";
export { type AttemptDetail, type AttemptFilter, type AttemptRow, History, type RunRow } from "./store.ts";
export { comparisonText, runsText, trendsText, trendText } from "./text.ts";
export { isBad, isSilent, LEAST_NATIVE_MS, type Trend, type TrendPoint, trendsOf } from "./trends.ts";
export { usualTimes } from "./usual.ts";
