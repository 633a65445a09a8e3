/** Engines that record and replay, behind one interface: tickproof's own, and rr where it is installed and works. */
export { crashOf, isCrash } from "./crash.ts";
export { embeddedEngine } from "./embedded.ts";
export { type Engines, findEngines, type Refusal, RR_CAPABILITIES } from "./find.ts";
export { type RrInstallation, rrEngine } from "./rr/engine.ts";
export type { Completed, Engine, EngineFiles, EnginePhase, Invocation, Outcome, Seen } from "./types.ts";
export { describeExit, lastLines } from "./words.ts";
