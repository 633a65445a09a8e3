/**
 * The wish of a user to end a recording (Ctrl-C, SIGTERM), and the moment at which it is fulfilled.
 *
 * The program is told first, by the same signal, and gets some time to end by itself. A second signal, or the end of
 * that time, ends the recording: at the next point that replay can find, or, where the running task does not come to
 * one, wherever it is.
 */
import { kill, pendingInterrupt, SIG, setTimer, tgkill } from "../../ffi/mod.ts";
import { type Clock, steadyClock } from "../clock.ts";
import { Interrupted, takeInterrupt } from "../interrupts.ts";
import type { TaskPlace } from "../session/task-places.ts";
import type { Standing } from "../tracee/task.ts";
import { JUMP_COUNTER } from "../translate/context.ts";
import { hasPending, stateOf } from "./kernel-state.ts";
import { placeOfRecorded } from "./places.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { Watchdog } from "./watchdog.ts";

/** Time for the program to end by itself. */
const GRACE_MS = 2000;
/** Time for the running task to come to a point. */
const POINT_MS = 1000;
/** A signal that the program got this long before the recorder did is the same one: both are of the group it went to. */
const TOGETHER_MS = 250;

/** Takes the user's signals, and says at each stop whether the recording is to end there. */
export class StopRequest {
  /** Where every task stood when the recorder was told to stop; undefined before. */
  places: readonly TaskPlace[] | undefined;
  /** The first signal; 0 before. */
  private asked = 0;
  /** When it came. */
  private since = 0;
  /** The program knows of it. */
  private told = false;
  /** The recording ends at the next point. */
  private ending = false;
  private readonly watchdog: Watchdog;
  /** When the first process got which signal, from whomever. */
  private readonly delivered = new Map<number, number>();

  constructor(
    private readonly recording: Recording,
    /** First task of the recording. */
    private readonly first: RecordedTask,
    private readonly clock: Clock = steadyClock,
  ) {
    recording.onSignal = (task, signal) => {
      if (task.process === first.process) this.delivered.set(signal, this.clock());
    };
    recording.tracer.onInterrupt = () => this.cameInWait();
    this.watchdog = new Watchdog({
      progress: () => progressOf(recording),
      describe: () => [...recording.tasks.values()].map(describeTask).join("; "),
      say: (message) => recording.onStall?.(message),
    });
  }

  /**
   * The recorder was signalled; SIGALRM is the end of a time.
   *
   * @param running The task that runs in user mode, if one does.
   * @throws Interrupted when the recording is to end at once.
   */
  received(running?: RecordedTask): void {
    const signal = takeInterrupt();
    if (signal === 0) return;
    if (signal === SIG.SIGALRM && this.asked === 0) {
      this.watchdog.look(running !== undefined);
      return;
    }
    if (this.asked === 0) {
      this.asked = signal;
      this.since = this.clock();
      setTimer(GRACE_MS);
      return;
    }
    if (!running || this.ending) throw new Interrupted(this.asked, running !== undefined);
    this.ending = true;
    setTimer(POINT_MS);
    // It is somewhere in a translation: a stop brings it to the next point that replay can find.
    tgkill(running.process.pid, running.tid, SIG.SIGSTOP);
  }

  /** The recorder was signalled while it waits for a stop that is certain to come. @throws Interrupted */
  private cameInWait(): void {
    const { asked } = this;
    if (asked === 0 && pendingInterrupt() === SIG.SIGALRM) {
      takeInterrupt();
      this.watchdog.look(true);
    } else if (asked === 0) this.received();
    else if (takeInterrupt() !== 0) throw new Interrupted(asked, true);
  }

  /** To be called where no task is between two points, and all stops that have happened are known. */
  allAtSafePoint(): void {
    if (this.asked === 0 || this.told) return;
    this.told = true;
    // Before it is told: it may die of that.
    this.notePlaces();
    if (!this.hasHeard(this.asked)) this.tell(this.asked);
  }

  /** Notes where every task stands. */
  notePlaces(): void {
    this.places = [...this.recording.tasks.values()].map(placeOfRecorded);
  }

  /** Whether the program got the signal from whoever sent it to the recorder: a terminal, or a kill of their group. */
  private hasHeard(signal: number): boolean {
    const { process } = this.first;
    const at = this.delivered.get(signal);
    if (at !== undefined && at > this.since - TOGETHER_MS) return true;
    const tasks = [...process.tasks];
    return tasks.some(
      ({ stashed, tid }) => stashed.some((one) => one.signal === signal) || hasPending(tid, signal),
    );
  }

  private tell(signal: number): void {
    // A dead leader whose threads live on takes signals all the same; a process that is gone ends the recording anyway.
    if (this.first.process.tasks.size > 0) kill(this.first.process.pid, signal);
  }

  /**
   * A task has come to a point.
   *
   * @throws Interrupted if the recording is to end here.
   */
  arrived(task: RecordedTask, standing: Standing): void {
    this.recording.ran(task, standing);
    if (this.ending) throw new Interrupted(this.asked);
  }
}

/** Differs whenever the recording has got on: by an event, or by a branch that a task has counted. */
function progressOf({ totals, tasks }: Recording): string {
  const counted = [...tasks.values()].map(({ ticks, jumps, space }) => {
    return `${ticks} ${jumps} ${space.cacheSpace.counters.subarray(0, JUMP_COUNTER + 1).join(" ")}`;
  });
  return [totals.events, ...counted].join(",");
}

/** A task for the user: where it stands, and what the kernel says of it. */
function describeTask(task: RecordedTask): string {
  const { at, syscall } = placeOfRecorded(task);
  const doing = task.running ? "it runs" : "it stands";
  return `task ${task.tid}: ${doing} (state ${stateOf(task.tid) ?? "gone"})${syscall ? ` in ${syscall}` : ""} at ${at.pc}`;
}
