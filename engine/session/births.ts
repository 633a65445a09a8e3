/** How tasks and processes come into being: what recording and replaying do alike. */
import { CLONE, openMemory } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Controller } from "../tracee/controller.ts";
import type { Task } from "../tracee/task.ts";

/** Namespaces in which a process has fewer rights than its parent, or other files. */
const OTHER_NAMESPACES = CLONE.NEWUSER | CLONE.NEWNS;

/** Waits for the first stop of a task that is certain to come: it was just made, or begins with a program. */
export function awaitFirstStop(tracer: Controller, tid: number): void {
  const stopped = tracer.waitFor(tid);
  invariant(stopped === tid, `the new task ${tid} can't be waited for (${stopped})`);
}

/** Whether a task that is made with these flags of clone is a thread of its parent's process. */
export function isThread(flags: number): boolean {
  return (flags & CLONE.THREAD) !== 0;
}

/**
 * The address space of a process that a task has made: its parent's, or a copy of that.
 *
 * @param pid The new process.
 * @param flags Flags of clone; none of a thread.
 */
export function spaceOfChild({ space }: Task, pid: number, flags: number): AddressSpace {
  invariant(!isThread(flags), "a thread has the space of its process");
  if ((flags & CLONE.VM) !== 0) {
    space.users++;
    return space;
  }
  const copy = space.fork(openMemory(pid));
  if ((flags & OTHER_NAMESPACES) !== 0) copy.isApart = true;
  return copy;
}
