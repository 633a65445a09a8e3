/** Runs tests natively, recorded and replayed, and says what came of it. */

export { collectTests, type Selection, selectTests } from "./collect.ts";
export { decide, type HostFacts } from "./decide.ts";
export { factsOf, namedCapabilities } from "./facts.ts";
export { type Forecast, type ForecastSpec, forecast, type Prospect } from "./forecast.ts";
export { inTxGuard } from "./in-tx-guard.ts";
export { judgeAttempt } from "./judge.ts";
export { keepWithin } from "./keep-budget.ts";
export { KnownFailures } from "./known-failures.ts";
export type { Hunk, OutputDifference } from "./mismatch.ts";
export { type OnceOptions, runOnce } from "./once.ts";
export { manifestTests } from "./plan.ts";
export { type PreparedTest, prepare } from "./prepare.ts";
export { notRun, parseRequired } from "./required.ts";
export { type RunOptions, runTests } from "./run.ts";
export { conditionsOf, isScript, ScriptSessions, suiteOf } from "./scripts.ts";
export { parseShard } from "./selection.ts";
export { type SharedFixture, SharedFixtures } from "./shared-fixture.ts";
export { slowAfter } from "./slow.ts";
export { Snapshots } from "./snapshots.ts";
export { isHarmless } from "./summarize.ts";
export { type Asked, forecastOn, surroundings } from "./surroundings.ts";
export type {
  Attempt,
  Decision,
  Note,
  Phase,
  Reporter,
  RunEvent,
  RunSummary,
  TestCase,
  TestResult,
  Verdict,
} from "./types.ts";
export { KEEP, type Keep } from "./workspace.ts";
