/** Runs tests natively, recorded and replayed, and says what came of it. */
export { defaultManifests, planTests } from "./plan.ts";
export { type RunOptions, runTests } from "./run.ts";
export type {
  Attempt,
  Phase,
  Reporter,
  RunEvent,
  RunSummary,
  TestCase,
  TestResult,
  Verdict,
} from "./types.ts";
export { KEEP, type Keep } from "./workspace.ts";
