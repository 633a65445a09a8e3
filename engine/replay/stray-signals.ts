/** Signals that are no part of the recording: the engine's own faults, and those of the replay's own tasks. */
import { SIG } from "../../ffi/mod.ts";
import type { Task } from "../tracee/task.ts";
import type { Stop, Tracer } from "../tracee/tracer.ts";

/** Whether a task that has stopped goes on as if it had not: by a signal, for which the recording has no event. */
export function isStray(tracer: Tracer, task: Task, stop: Stop): boolean {
  // Whoever stops a replayed process means the replay, which it does not reach so.
  if (stop.kind === "groupStop") return true;
  if (stop.kind !== "signal") return false;
  const { signal, address, fault } = stop.info;
  return (signal === SIG.SIGSEGV && tracer.text.unguard(task, address)) || !fault;
}
