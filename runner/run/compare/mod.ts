/** What runs are held against: expectations, snapshots, and each other. */
export { compareRuns } from "./compare.ts";
export {
  checkAsNatively,
  checkCounts,
  checkMeasures,
  checkRange,
  checkVisible,
  type Visible,
} from "./expect.ts";
export { differenceOf, type Mismatch, sayWhere } from "./mismatch.ts";
export { isMachine, Snapshots } from "./snapshots.ts";
