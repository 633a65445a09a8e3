/**
 * Stopping and continuing of processes (SIGSTOP, SIGCONT), whoever asks for it: the program itself, a terminal, the kernel
 * for a group that is orphaned, somebody outside. The stop is the kernel's own, so that parents hear of it; in replay there
 * is nothing to do, as a task that has no events does not run.
 *
 * A stop is of a whole process: each task reports it (a group stop, ptrace(2)) when it is resumed, and is not resumed again
 * before a SIGCONT waits for the process. The kernel tells a tracer of that only once the task runs, so it is looked for.
 */
import { PTRACE, SIG } from "../../ffi/mod.ts";
import { type Clock, Lookout, steadyClock } from "../clock.ts";
import { invariant } from "../engine-error.ts";
import { isTrap } from "../tracee/kernel-stop.ts";
import type { DeliveryPoint } from "./delivery.ts";
import { hasPending } from "./kernel-state.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** How often stopped processes are looked after, in milliseconds. */
export const LOOK_MS = 5;

/** The stops of processes that are under way or in force, and which of their tasks have joined them. */
export class JobControl {
  /** Stopped tasks, by which signal and where. */
  private readonly stopped = new Map<RecordedTask, { signal: number; where: DeliveryPoint }>();
  private readonly lookout: Lookout;

  constructor(
    private readonly recording: Recording,
    clock: Clock = steadyClock,
  ) {
    this.lookout = new Lookout(LOOK_MS, clock);
  }

  /** Whether a task is stopped. */
  get any(): boolean {
    return this.stopped.size > 0;
  }

  /**
   * Lets a stop signal have its effect on a task that is at a signal stop. The task is taken to where there is no code of
   * the program, should the kernel think otherwise (it does not stop an orphaned group); its registers stay as they are.
   *
   * @returns Whether the task is stopped now.
   */
  stop(task: RecordedTask, signal: number, where: DeliveryPoint): boolean {
    if (isContinued(task.process)) return false;
    const { tracer } = this.recording;
    const saved = task.registers.slice();
    task.pcBits = task.space.cacheSpace.cache.stopGadget;
    task.forgetCall();
    let stop = tracer.advanceToAny(task, PTRACE.CONT, signal);
    while (!isTrap(stop) && !tracer.isGroupStop(task, stop)) {
      task.strayStop(stop);
      stop = tracer.advanceToAny(task, PTRACE.CONT);
    }
    task.registers.set(saved);
    task.dirty = true;
    const stops = !isTrap(stop);
    if (stops) this.join(task, { signal, where: { ...where, atSignalStop: false } });
    return stops;
  }

  /** A task takes part in the stop of its process: it is not resumed for now. */
  join(task: RecordedTask, stop = standingStop(task)): void {
    task.joining = false;
    this.recording.schedule.block(task);
    this.stopped.set(task, stop);
  }

  /** A tracer of the recording takes over the stop of a task. @returns What stop that is; undefined if it is in none. */
  leave(task: RecordedTask): { signal: number; where: DeliveryPoint } | undefined {
    const stop = this.stopped.get(task);
    this.stopped.delete(task);
    return stop;
  }

  /** Lets those go on for whom a SIGCONT has come. To be called often. */
  look(): void {
    if (this.stopped.size === 0 || !this.lookout.isDue()) return;
    const continued = new Set([...this.stopped.keys()].map(({ process }) => process).filter(isContinued));
    for (const task of this.stopped.keys()) {
      const alive = this.recording.tasks.get(task.tid) === task;
      if (alive && !continued.has(task.process)) continue;
      this.stopped.delete(task);
      if (!alive) continue;
      if (task.call) this.recording.tracer.release(task, PTRACE.SYSCALL);
      else this.recording.schedule.add(task);
    }
    for (const process of continued) for (const task of process.tasks) task.joining = false;
  }
}

/** The stop of a task that another one of its process has begun. */
function standingStop({ call, standing, result }: RecordedTask): { signal: number; where: DeliveryPoint } {
  const signal = SIG.SIGSTOP;
  if (call !== undefined) {
    const { number, registers } = call;
    const interrupted = { number, result, writes: [] };
    return { signal, where: { point: "interrupted", registers, atSignalStop: false, interrupted } };
  }
  invariant(standing && standing.point !== "step", "a stop of a task that stands nowhere");
  return { signal, where: { point: standing.point, registers: standing.registers, atSignalStop: false } };
}

/** Whether a SIGCONT is on its way to a process or one of its tasks. */
function isContinued(process: RecordedProcess): boolean {
  return [...process.tasks].some(({ tid }) => hasPending(tid, SIG.SIGCONT));
}
