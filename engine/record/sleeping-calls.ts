/**
 * System calls that may sleep: a task is left to the kernel in one, and nobody else runs before the call has either ended
 * or sleeps. What it does at once takes effect at once; see "Effects and events in one order" in `docs/engine.md`.
 */
import { PTRACE, SIG, tgkill, WAIT, yieldProcessor } from "../../ffi/mod.ts";
import { waitsForChild } from "./clone-request.ts";
import { isAwake, isBusy } from "./kernel-state.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** Looks at a task that is in a sleep which nothing breaks off, before others go on: some 2 ms. */
const PATIENCE = 200;

/** Lets calls that may sleep into the kernel, and decides who runs while they are there. */
export class SleepingCalls {
  /**
   * @param stopped What is to be done with a task that has stopped or died, as the last wait has found.
   */
  constructor(
    private readonly recording: Recording,
    private readonly stopped: (task: RecordedTask) => void,
  ) {}

  /** Lets the next task write to the recording's output. @returns Whether there was one. */
  letWriterIn(): boolean {
    const task = this.recording.outputTurns.next();
    if (task === undefined) return false;
    this.recording.schedule.block(task);
    this.letSleep(task);
    return true;
  }

  /**
   * Breaks off the call of the task whose output is on its way, if it sleeps half-way, so that its result tells how much
   * is out. A stop does that, which the program does not hear of (`job-control.ts`).
   */
  finishOutput(process: RecordedProcess | undefined): void {
    const task = this.recording.outputTurns.current;
    if (task?.state !== "blocked" || !task.running) return;
    if (process !== undefined && task.process !== process) return;
    tgkill(task.process.pid, task.tid, SIG.SIGSTOP);
    this.awaitStop(task);
  }

  /**
   * Resumes a task in a call that may sleep, and waits until it has either ended or sleeps. Nobody else runs before:
   * what the call does at once takes effect at once.
   */
  letSleep(task: RecordedTask): void {
    this.recording.tracer.release(task, PTRACE.SYSCALL);
    this.awaitStop(task);
  }

  /** Waits until a task that is in a call has stopped there, and it is known what that means, or sleeps. */
  private awaitStop(task: RecordedTask): void {
    const { tasks, tracer } = this.recording;
    const { tid } = task;
    // Asked once: a child that shares its parent's memory may change what the call was given.
    const isForChild = task.call !== undefined && waitsForChild(task.call);
    let isAsleep = false;
    for (let looks = 0; ; looks++) {
      if (!isAsleep) yieldProcessor();
      const stopped = tracer.control.wait(tid, WAIT.NOHANG);
      if (stopped === tid) {
        this.stopped(task);
        if (tasks.get(tid) !== task || task.state !== "blocked") return;
        isAsleep = false;
      } else {
        // One that was found asleep, and has not stopped before that either, sleeps.
        if (stopped !== 0 || isAsleep) return;
        isAsleep = !(isForChild || looks > PATIENCE ? isAwake(tid) : isBusy(tid));
      }
    }
  }
}
