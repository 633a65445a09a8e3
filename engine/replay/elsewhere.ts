/** What is said of a replayed task that has not come to its event: how it differs from the recording. */
import { PTRACE } from "../../ffi/mod.ts";
import type { TraceEvent } from "../trace/events.ts";
import { arm } from "../tracee/budget.ts";
import type { Stop, Tracer } from "../tracee/tracer.ts";
import { Divergence, elsewhere, eventName } from "./divergence.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/** Ticks per counter for which a replay that has gone astray is watched, to say how far. */
const OVERRUN = 1_000_000;

/** @throws Divergence */
export function fail(index: number, event: TraceEvent, task: ReplayedTask, what: string): never {
  const pc = task.pcBits.toString(16);
  throw new Divergence(
    index,
    `mismatch at event ${index} (${eventName(event)}): ${what} (task ${event.task}, ticks ${task.ticks}, pc 0x${pc})`,
  );
}

/** Says how a task that stopped somewhere else than at its event differs from the recording: ticks first. */
export function stoppedElsewhere(
  tracer: Tracer,
  index: number,
  { task, event, stop }: { task: ReplayedTask; event: TraceEvent; stop: Stop },
): never {
  if (stop.kind === "poll" && task.ticks >= event.ticks) {
    const { ticks, more } = runOn(tracer, task);
    const got = `${more ? "more than " : ""}${ticks}`;
    throw new Divergence(
      index,
      `ticks mismatch at event ${index} (${eventName(event)}): expected ${event.ticks}, got ${got} ` +
        `(task ${event.task}, pc 0x${stop.trap.pc.toString(16)})`,
    );
  }
  return fail(index, event, task, elsewhere(stop, task.callNumber));
}

/** Lets a task that has passed its event go on to whatever it does next, within bounds: how far did it get? */
function runOn(tracer: Tracer, task: ReplayedTask): { ticks: number; more: boolean } {
  arm(task, () => OVERRUN);
  const stop = tracer.run(task, PTRACE.SYSEMU);
  if (stop.kind === "interrupted") tracer.onInterrupt();
  return { ticks: task.ticks, more: stop.kind === "poll" };
}
