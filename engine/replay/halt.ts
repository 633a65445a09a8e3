/** Where a debugger wants a replay to stop on its way to an event. */
import type { TraceEvent } from "../trace/events.ts";
import type { Stop } from "../tracee/tracer.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/** Why a task was halted: `pause` at a branch, when somebody wants to break in; `watch` inside a translation. */
export type HaltReason = Extract<Stop, { kind: "stop" }>["reason"] | "pause" | "watch";

/** Whether a debugger stops a task that has come to where it may want that. */
export type Halts = (task: ReplayedTask, reason: HaltReason) => boolean;

/**
 * Breaks off the replay of an event whose task was halted on its way there. The event is still to come, and nothing of
 * it has been done.
 */
export class Halted extends Error {
  constructor(
    readonly task: ReplayedTask,
    readonly reason: HaltReason,
  ) {
    super(`task ${task.id} is halted (${reason})`);
  }
}

/** Where a task has been brought that was to have certain counts. */
export interface CountsReached {
  /** At a branch, which the next instruction counts. */
  isAtBranch: boolean;
  /** Its counts up to the branch with which they become those. */
  before: { ticks: number; jumps: number };
}

/** Events whose place only their counts tell. */
export function isAsynchronous(event: TraceEvent): boolean {
  const isAtPoint = event.kind === "switch" || event.kind === "signal" || event.kind === "registers";
  return isAtPoint && ["tick", "jump", "step"].includes(event.point);
}
