/** Processes that a run starts: watched, ended in time with all that they have started, and looked at where they stand. */
export type { Guard } from "./guard.ts";
export { processPlaces } from "./proc-places.ts";
export { runProcess } from "./process.ts";
export { endTree, killDescendants, programOf } from "./process-tree.ts";
export { readWatched, watchedCommand } from "./watch-crash.ts";
