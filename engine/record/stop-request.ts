/** The wish of a user to end a recording, and the moment at which it is fulfilled. */
import { SIG, tgkill } from "../../ffi/mod.ts";
import type { Standing } from "../tracee/task.ts";
import type { EndPolicy } from "./end-policy.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** Thrown to end a recording that is to stop. */
export class Interrupted extends Error {
  /**
   * @param signal What the recorder was told to stop by.
   */
  constructor(readonly signal: number) {
    super(`interrupted by signal ${signal}`);
  }
}

/** See the file's head. */
export class StopRequest {
  /** The signal to end by as soon as a point is reached; else 0. */
  private pending = 0;

  constructor(
    private readonly recording: Recording,
    private readonly policy: EndPolicy,
    /** First process of the recording. */
    private readonly root: number,
  ) {}

  /**
   * The recorder was signalled.
   *
   * @param running The task that runs in user mode, if one does.
   * @throws Interrupted when the recording is to end at once.
   */
  received(running?: RecordedTask): void {
    const signal = this.recording.tracer.takeInterrupt();
    const ending = signal === 0 ? 0 : this.policy.received(signal, this.root);
    if (ending === 0) return;
    const again = this.pending !== 0;
    this.pending = ending;
    if (!running || again) throw new Interrupted(ending);
    // It is somewhere in a translation: a stop brings it to the next point that replay can find.
    tgkill(running.process.pid, running.tid, SIG.SIGSTOP);
  }

  /**
   * A task has come to a point.
   *
   * @throws Interrupted if the recording is to end here.
   */
  arrived(task: RecordedTask, standing: Standing): void {
    this.recording.ran(task, standing);
    if (this.pending !== 0) throw new Interrupted(this.pending);
  }
}
