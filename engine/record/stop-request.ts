/** The wish of a user to end a recording, and the moment at which it is fulfilled. */
import { SIG, tgkill } from "../../ffi/mod.ts";
import type { Standing } from "../tracee/task.ts";
import type { EndPolicy } from "./end-policy.ts";
import { placeOf, type TaskPlace } from "./places.ts";
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
  /** Where every task stood when the recorder was told to stop; undefined before. */
  places: readonly TaskPlace[] | undefined;
  /** The signal to end by as soon as a point is reached; else 0. */
  private pending = 0;
  /** The first signal, while it waits for the running task to come to a point; else 0. */
  private first = 0;

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
    if (signal === 0) return;
    if (running && this.first === 0 && this.places === undefined) {
      // The program is told once it is known where each of its tasks stands: it may die of being told.
      this.first = signal;
      return;
    }
    this.notePlaces(running);
    const { first } = this;
    this.first = 0;
    if (first !== 0) this.policy.received(first, this.root);
    this.act(signal, running);
  }

  /**
   * To be called where no task is between two points.
   *
   * @throws Interrupted when the recording is to end at once.
   */
  allStand(): void {
    const { first } = this;
    if (first === 0) return;
    this.first = 0;
    this.notePlaces();
    this.act(first);
  }

  private act(signal: number, running?: RecordedTask): void {
    const ending = this.policy.received(signal, this.root);
    if (ending === 0) return;
    const again = this.pending !== 0;
    this.pending = ending;
    if (!running || again) throw new Interrupted(ending);
    // It is somewhere in a translation: a stop brings it to the next point that replay can find.
    tgkill(running.process.pid, running.tid, SIG.SIGSTOP);
  }

  /** Notes where the tasks stand, all but one that runs. */
  private notePlaces(running?: RecordedTask): void {
    this.places ??= [...this.recording.tasks.values()].filter((task) => task !== running).map(placeOf);
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
