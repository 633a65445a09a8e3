/** The history of runs: what passed where, how often, since when, and at what cost. */
export { baselinesOf, baselineTicks, judgeByBaselines } from "./baseline.ts";
export {
  type Bounds,
  type Comparison,
  compareAttempts,
  DEFAULT_BOUNDS,
  regressions,
} from "./compare.ts";
export type { Copied } from "./exchange.ts";
export type { FlakyTest, LiveHistory, LiveRuns } from "./live.ts";
export { historyPlace, placeName, type StorePlace, storeProblem } from "./place.ts";
export type {
  AttemptDetail,
  AttemptFilter,
  AttemptInfo,
  AttemptRow,
  Baseline,
  KeptAttempt,
  RunInfo,
  RunRow,
} from "./rows.ts";
export { RunWriter } from "./run-writer.ts";
export { type Rate, rateOf, rateText } from "./statistics.ts";
export { History } from "./store.ts";
export { comparisonText, runsText, trendsText, trendText } from "./text.ts";
export {
  isBad,
  isSilent,
  LEAST_NATIVE_MS,
  type Trend,
  type TrendPoint,
  trendFrom,
  trendsOf,
} from "./trends.ts";
export { usualTimes } from "./usual.ts";
export type { FailingNow, Place, PlaceCounts, RunKey } from "./views.ts";
