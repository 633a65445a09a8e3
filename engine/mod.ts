/** The embedded engine: records programs and replays them, by dynamic binary translation over ptrace. */
export type { CodeLine, CodeListing } from "./code-listing.ts";
export { EngineError, HostFault, Unsupported } from "./engine-error.ts";
export { catchInterrupts, takeLateSignal } from "./interrupts.ts";
export type { Cost, Exit, Outcome } from "./outcome.ts";
export { MAX_SEED } from "./record/chaos.ts";
export { type CrashState, faultAddress, MOST_CRASHES } from "./record/crash.ts";
export { DENIALS, type Denial } from "./record/deny/mod.ts";
export type { LeftProcess } from "./record/left-processes.ts";
export { type RecordOptions, type RecordResult, record } from "./record/mod.ts";
export type { Difference, Progress } from "./replay/divergence.ts";
export { type ReplayOptions, type ReplayResult, replay } from "./replay/mod.ts";
export { type StackMemory, type StackState, stackState } from "./session/stack-state.ts";
export type { CodePlace, TaskPlace } from "./session/task-places.ts";
export { translationTrouble } from "./tracee/translation-store.ts";
