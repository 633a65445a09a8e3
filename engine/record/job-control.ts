/**
 * Stopping and continuing of processes by each other (SIGSTOP, SIGCONT). The stop is the kernel's own, so that
 * parents hear of it; in replay there is nothing to do, as a task that has no events does not run.
 *
 * Only stops that recorded processes ask for are obeyed: those of a terminal or of the outside are meant for the
 * recorder too, and are over when it goes on.
 */
import { POLL, PTRACE, SIG, SIGINFO } from "../../ffi/mod.ts";
import type { HeldSignal } from "../tracee/task.ts";
import { hasPending } from "./kernel-state.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { Unsupported } from "./syscall-recorder.ts";

/** See the file's head. */
export class JobControl {
  private readonly stopped = new Set<RecordedTask>();

  constructor(private readonly recording: Recording) {}

  /** Whether a signal that stops its process by default is to do so. */
  obeys(task: RecordedTask, { siginfo }: HeldSignal): boolean {
    const info = new DataView(siginfo.buffer, siginfo.byteOffset);
    const code = info.getInt32(SIGINFO.si_code, true);
    const sender = info.getInt32(SIGINFO.si_pid, true);
    // A descriptor's signal (F_SETSIG) has no sender: the program has asked for it itself.
    const known =
      (code >= POLL.IN && code <= POLL.HUP) ||
      [...this.recording.tasks.values()].some(({ process }) => process.id === sender);
    return known && !hasPending(task.tid, SIG.SIGCONT);
  }

  /** Stops a process whose only task is in a signal stop. */
  stop(task: RecordedTask, signal: number): void {
    if (task.process.tasks.size > 1) {
      throw new Unsupported(
        "stopping a process with several threads can't be recorded by the embedded engine yet",
      );
    }
    this.recording.schedule.block(task);
    this.recording.tracer.advance(task, PTRACE.SYSCALL, signal);
    this.stopped.add(task);
  }

  /** A task has sent SIGCONT: lets those go on that it was for. */
  sentContinue(): void {
    for (const task of this.stopped) {
      const alive = this.recording.tasks.get(task.tid) === task;
      if (alive && !hasPending(task.tid, SIG.SIGCONT)) continue;
      this.stopped.delete(task);
      if (!alive) continue;
      if (task.call) this.recording.tracer.release(task, PTRACE.SYSCALL);
      else this.recording.schedule.add(task);
    }
  }
}
