/** Runs tests natively, recorded and replayed, and says what came of it. */

export { CATCH_TRIES, NATIVE_RUNS } from "./attempt/mod.ts";
export { Snapshots } from "./compare/mod.ts";
export {
  type Asked,
  decide,
  type Forecast,
  type ForecastSpec,
  factsOf,
  forecast,
  forecastOn,
  type HostFacts,
  judgeAttempt,
  namedCapabilities,
  needsEmbedded,
  notRun,
  type PreparedTest,
  type Prospect,
  parseRequired,
  prepare,
  surroundings,
} from "./decide/mod.ts";
export { type SharedFixture, SharedFixtures } from "./fixture/mod.ts";
export { inTxGuard } from "./in-tx-guard.ts";
export { keepWithin } from "./keep-budget.ts";
export { type OnceOptions, runOnce } from "./once.ts";
export { type RunOptions, runTests } from "./run.ts";
export {
  collectTests,
  conditionsOf,
  isScript,
  KnownFailures,
  manifestTests,
  parseShard,
  ScriptSessions,
  type Selection,
  selectTests,
  suiteOf,
} from "./select/mod.ts";
export { slowAfter } from "./slow.ts";
export { isHarmless, summarize, type TriedTest } from "./summarize.ts";
export type { Decision, Reporter, RunEvent, RunSummary, TestCase, TestResult } from "./types.ts";
export { KEEP, type Keep } from "./workspace.ts";
