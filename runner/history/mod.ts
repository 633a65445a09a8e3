/** The history of runs: what passed where, how often, since when, and at what cost. */
export { type Bounds, type Comparison, compareAttempts, DEFAULT_BOUNDS, regressions } from "./compare.ts";
export { historyReporter, runInfo } from "./reporter.ts";
export { type Rate, rateOf, rateText } from "./statistics.ts";
export { type AttemptFilter, type AttemptRow, History, historyPath, type RunRow } from "./store.ts";
export { comparisonText, runsText, trendsText, trendText } from "./text.ts";
export { type Trend, type TrendPoint, trendsOf } from "./trends.ts";
