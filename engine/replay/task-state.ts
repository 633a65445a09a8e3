/**
 * What a stopped task of a replay is like, as data: another thread can be made the same. It says nothing of a code cache:
 * a task that is made so goes on at its place in the program, in whichever cache.
 */
import type { VectorState } from "../arch/x86_64/vector-state.ts";
import type { Position } from "../tracee/position.ts";
import type { CallFeed } from "./call-feed.ts";
import type { AwaitedCalls, ReplayedTask } from "./replayed-task.ts";

/** See the file's head. */
export interface TaskState
  extends Pick<
    ReplayedTask,
    "id" | "ticks" | "jumps" | "returned" | "arrived" | "site" | "drops" | "cacheSpace"
  > {
  position: Position;
  registers: BigUint64Array;
  share: Float64Array;
  vectors: Uint8Array;
  awaited: AwaitedCalls | undefined;
}

/** Whether a task stands where its state can be saved: not in the midst of what only its code cache knows of. */
export function canSave(task: ReplayedTask): boolean {
  const { running, instruction, stepped, step } = task;
  return !running && instruction === undefined && stepped === undefined && step === undefined;
}

/** Saves the state of a task for which {@link canSave} holds. The task stays as it is. */
export function saveTask(task: ReplayedTask, vectors: VectorState, calls: CallFeed): TaskState {
  const { id, ticks, jumps, returned, arrived, site, drops, cacheSpace } = task;
  const { registers, position } = task;
  const saved = registers.slice();
  // As it is when a task leaves its code cache for another one.
  if (task.isInCache) task.leaveCache();
  const state = {
    ...{ id, ticks, jumps, returned, arrived, site, drops, cacheSpace },
    position: task.position,
    registers: registers.slice(),
    share: task.share.slice(),
    vectors: vectors.save(task.tid),
    awaited: calls.rest(task),
  };
  registers.set(saved);
  task.position = position;
  return state;
}

/** Makes a task that has just been born what a saved one was. */
export function loadTask(task: ReplayedTask, state: TaskState, vectors: VectorState): void {
  const { ticks, jumps, returned, arrived, site, drops, cacheSpace, awaited } = state;
  Object.assign(task, { ticks, jumps, returned, arrived, site, drops, cacheSpace });
  task.awaited = awaited && { ...awaited };
  task.position = state.position;
  task.registers.set(state.registers);
  task.share.set(state.share);
  task.dirty = true;
  vectors.load(task.tid, state.vectors);
}
