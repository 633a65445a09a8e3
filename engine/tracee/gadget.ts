/** Brings a stopped task to a signal stop without running any of the program's code. */
import { PTRACE, SIG } from "../../ffi/mod.ts";
import { TaskGone, type Tracer } from "./tracer.ts";
import type { Task } from "./task.ts";

/**
 * A signal can only be injected at a signal stop: an int3 makes one. The task's registers in memory stay as they
 * are and are marked to be written again.
 */
export function stopAtGadget(tracer: Tracer, task: Task): void {
  const saved = task.registers.slice();
  task.set("rip", task.space.image.cache.stopGadget);
  task.set("orig_rax", 0xffffffffffffffffn);
  tracer.flush(task);
  const { control } = tracer;
  let stopped = control.resumeAndWait(PTRACE.CONT, task.tid, 0, task.tid, 0);
  for (;;) {
    while (stopped === -4) {
      tracer.postponeInterrupt();
      stopped = control.wait(task.tid, 0);
    }
    if (stopped < 0 || (control.status & 0xff) !== 0x7f) throw new TaskGone(task, control.status);
    if (control.status >> 8 === SIG.SIGTRAP) break;
    tracer.onStrayStop?.(task, control.status);
    stopped = control.resumeAndWait(PTRACE.CONT, task.tid, 0, task.tid, 0);
  }
  task.registers.set(saved);
  task.dirty = true;
}
