/** Brings a stopped task to a signal stop without running any of the program's code. */
import { PTRACE } from "../../ffi/mod.ts";
import type { Controller } from "./controller.ts";
import { isTrap } from "./kernel-stop.ts";
import type { Task } from "./task.ts";

/**
 * A signal can only be injected at a signal stop: an int3 makes one. The task's registers in memory stay as they
 * are and are marked to be written again.
 */
export function stopAtGadget(tracer: Controller, task: Task): void {
  const saved = task.registers.slice();
  task.set("rip", task.space.cacheSpace.cache.stopGadget);
  task.set("orig_rax", 0xffffffffffffffffn);
  for (;;) {
    const stop = tracer.advance(task, PTRACE.CONT);
    if (isTrap(stop)) break;
    task.strayStop(stop);
  }
  task.registers.set(saved);
  task.dirty = true;
}
