/** Signals that are no part of the recording: the engine's own faults, and those of the replay's own tasks. */
import { SIG } from "../../ffi/mod.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";

/** Whether a task that has stopped by a signal goes on as if there were none. */
export function isStray(tracer: Tracer, task: Task, signal: number): boolean {
  // Whoever stops a replayed process means the replay, which it does not reach so.
  if (tracer.isGroupStop(task, tracer.control.status)) return true;
  const info = tracer.signalInfo(task);
  if (signal === SIG.SIGSEGV && tracer.text.unguard(task, info.address)) return true;
  return !info.fault;
}
