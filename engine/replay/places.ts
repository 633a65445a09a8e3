/** Where the tasks of a replay stand when it is told to stop. */
import { SIG, tgkill } from "../../ffi/mod.ts";
import { placeOf, type TaskPlace } from "../session/task-places.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/**
 * The places of tasks; the replay can't go on afterwards.
 *
 * @param tasks Living ones. One that runs is stopped, wherever it is.
 */
export function placesOf(tasks: Iterable<ReplayedTask>, tracer: Tracer): TaskPlace[] {
  return [...tasks].flatMap((task) => {
    const { site } = task;
    if (task.running && !halt(task, tracer)) return [];
    const pc = site?.pc ?? task.returned ?? pcOf(task);
    return placeOf(task, { pc, stackPointer: Number(task.stackPointer), syscall: site?.number });
  });
}

/** Stops a task that runs, and reads its registers. @returns Whether it is still there. */
function halt(task: ReplayedTask, tracer: Tracer): boolean {
  tgkill(task.process.pid, task.tid, SIG.SIGSTOP);
  const stopped = tracer.waitFor(task.tid);
  return stopped === task.tid && tracer.takeStop(task).kind !== "ended";
}

/** The app pc of a task; undefined in what is the engine's own. */
function pcOf(task: ReplayedTask): number | undefined {
  if (task.position.kind === "program") return task.position.pc;
  const { cache } = task.space.cacheSpace;
  return cache.position(task.pc)?.pc;
}
