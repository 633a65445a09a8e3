/** Files that tickproof keeps: traces by name, results that are whole or not there, the progress of a recording. */
export { claim, giveBack, isAbandoned } from "./claim.ts";
export { cacheContents, clearCache } from "./kept.ts";
export { progressWriter, readProgress } from "./progress-file.ts";
export { Scratch } from "./scratch.ts";
export { entriesOf, indexOfTraces } from "./trace-index.ts";
export {
  configureTraces,
  findKept,
  findTrace,
  forgetLatest,
  KEPT_FOLDER,
  makeNumbered,
  newDefaultTrace,
  newRunTrace,
  RUNS,
  traceIn,
  tracesRoot,
} from "./traces.ts";
export { checkWritable, writeWhole } from "./write-whole.ts";
