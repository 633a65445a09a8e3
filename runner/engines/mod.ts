/** Engines that record and replay, behind one interface: tickproof's own, and rr where it is installed and works. */
export { embeddedEngine } from "./embedded.ts";
export { type Engines, findEngines, type Refusal, RR_CAPABILITIES } from "./find.ts";
export { type RrInstallation, rrEngine } from "./rr/engine.ts";
export {
  type Completed,
  type Crash,
  type DivergencePlace,
  ENGINE_CHOICES,
  type Engine,
  type EngineChoice,
  type EngineFiles,
  type EnginePhase,
  type Invocation,
  type Outcome,
  type Seen,
  type ThreadPlace,
} from "./types.ts";
export { describeExit, lastLines } from "./words.ts";
