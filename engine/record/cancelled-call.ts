/** Calls that a task has come to, and that the kernel is not to do. */
import { PTRACE } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import { uses } from "../optimisations.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Lets the system call that a task has entered come to nothing: it stands behind that. */
export function cancelCall(tracer: Tracer, task: RecordedTask): void {
  task.forgetCall();
  const { kind } = tracer.advance(task, PTRACE.SYSCALL);
  invariant(kind === "call", "a cancelled system call that does not end");
}

/**
 * As {@link cancelCall}, without a stop where that is possible: what has stopped for a filter goes on behind a call that has no
 * number (SECCOMP_RET_TRACE in __seccomp_filter of kernel/seccomp.c, Linux 6.18).
 */
export function skipCall(tracer: Tracer, task: RecordedTask): void {
  if (task.stop?.kind === "filter" && uses("once")) task.forgetCall();
  else cancelCall(tracer, task);
}
