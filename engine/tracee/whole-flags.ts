/**
 * From a poll to where the program's flags are whole. A count by `dec` destroys flags that the program does not read any
 * more; the handler of a signal would find them in its frame. A few instructions later they are overwritten.
 */
import { PTRACE } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { Controller } from "./controller.ts";
import { isTrap } from "./kernel-stop.ts";
import type { Task } from "./task.ts";

/** No segment is longer: the flags are whole at its end at the latest. */
const MAX_STEPS = 64;

/**
 * Single-steps a task that stands at a poll until no flag is garbage. None of these instructions can fault, and none is
 * the branch that was counted; the task's ticks stay.
 *
 * @returns The app pc where it stands, between two instructions. It can only go on by {@link Task.jumpTo}.
 */
export function toWholeFlags(tracer: Controller, task: Task): number {
  const { poll } = task;
  invariant(poll, "a task that stands at no poll");
  if (poll.garbageFlags === 0) return poll.pc;
  for (let steps = 0; steps <= MAX_STEPS; ) {
    const from = task.number("rip");
    const stop = tracer.advance(task, PTRACE.SINGLESTEP);
    if (!isTrap(stop) || task.number("rip") === from) {
      task.strayStop(stop);
      continue;
    }
    steps++;
    const position = task.space.cacheSpace.cache.position(task.number("rip"));
    invariant(position, "a poll that leads out of its unit");
    if (position.garbageFlags === 0) return position.pc;
  }
  throw new Error("engine invariant broken: flags that stay garbage to the end of a segment");
}
