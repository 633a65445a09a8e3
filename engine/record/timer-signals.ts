/**
 * Signals of timers that come faster than they can be recorded. A signal costs the recorder some 50 µs, the kernel one:
 * with a timer of 50 µs the next signal is there when a handler returns, and the program would never get on. So a
 * timer's signal waits until the program has got on a little since its last handler; it comes late by less than the
 * handling of it takes.
 */
import { SI, SIGINFO, tgkill } from "../../ffi/mod.ts";
import type { SignalInfo } from "../tracee/controller.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Ticks and back-jumps between two signals of timers, of each counter, at least: some 10 µs to 100 µs. */
export const LEAST_PROGRESS = 20_000;

/** Whether a signal is of a timer (timer_create, or setitimer, of which the kernel is the sender). */
export function isTimers({ siginfo }: { siginfo: Uint8Array }): boolean {
  const code = new DataView(siginfo.buffer, siginfo.byteOffset).getInt32(SIGINFO.si_code, true);
  return code === SI.TIMER || code === SI.KERNEL;
}

/** Whether a stashed signal has to wait: it is a timer's, and the task has hardly gone on since a handler returned. */
export function comesTooSoon(task: RecordedTask, stashed: StashedSignal): boolean {
  const { resumed } = task;
  if (resumed === undefined || !isTimers(stashed)) return false;
  return task.ticks - resumed.ticks + task.jumps - resumed.jumps < LEAST_PROGRESS;
}

/**
 * Gives the signals that a task has been kept from back to the kernel, at the entry of a system call: a call that need
 * not sleep comes first, one that sleeps is broken off, as natively. The kernel does not let a tracer send a timer's
 * signal; {@link original} takes the place of what is sent instead.
 */
export function giveBack(task: RecordedTask): void {
  for (const stashed of task.stashed.splice(0)) {
    task.givenBack.push(stashed);
    tgkill(task.process.pid, task.tid, stashed.signal);
  }
}

/** What the kernel says of a signal; of one that was given back, what it said the first time. */
export function original(task: RecordedTask, info: SignalInfo): SignalInfo {
  const view = new DataView(info.siginfo.buffer, info.siginfo.byteOffset);
  const isOurs =
    view.getInt32(SIGINFO.si_code, true) === SI.TKILL && view.getInt32(SIGINFO.si_pid, true) === process.pid;
  const at = isOurs ? task.givenBack.findIndex(({ signal }) => signal === info.signal) : -1;
  const [found] = at < 0 ? [] : task.givenBack.splice(at, 1);
  return found ? { ...info, siginfo: found.siginfo } : info;
}
