/** What tests come to: the types that engines, runs, the history, reporters and pages share. */
export type { Attempt } from "./attempt.ts";
export type { Hunk, OutputDifference } from "./differences.ts";
export { ENGINE_CHOICES, type EngineChoice } from "./engine-choice.ts";
export { median } from "./median.ts";
export type { Crash, DivergencePlace, ThreadPlace } from "./places.ts";
export type { Location, StepResult, StepVerdict } from "./steps.ts";
export type { Counts, Note, Phase, Verdict } from "./verdict.ts";
