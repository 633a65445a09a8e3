/**
 * Ends a replay that gets nowhere. What a trace says may let a program run for ever without a branch that is counted, or
 * let replay answer the same stop again and again; a trace may come from anyone.
 *
 * Progress is an event more, or a tick that was counted. What counts is the time that tracer and task spend on the
 * processor, since a busy machine gives them little of it; a task that sleeps, in which nothing can change, is looked at a
 * number of times. These are not counted by the clock, since all of the replay may have been stopped meanwhile.
 */
import { SIG, setTimer } from "../../ffi/mod.ts";
import { EngineError } from "../engine-error.ts";
import { takeInterrupt } from "../interrupts.ts";
import { readProcFile } from "../proc-file.ts";
import type { TraceEvent } from "../trace/events.ts";
import { JUMP_COUNTER, TICK_COUNTERS } from "../translate/context.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/** How often it looks, in milliseconds. */
const LOOK_MS = 500;
/** Time of the processor without progress after which it ends the replay. */
const PATIENCE_MS = 4000;
/** The same as a number of looks, for a task that sleeps. */
const PATIENCE_LOOKS = 16;
/** USER_HZ is 100 (proc_pid_stat(5)). */
const CLOCK_TICK_MS = 10;

/** What it remembers of the last progress. */
interface Mark {
  event: number;
  /** Sum of the counters. */
  counted: number;
  processorMs: number;
  /** Looks since. */
  looks: number;
}

/** How many live: they share the timer of the process. */
let living = 0;

/** Ends a replay whose tracer and task have used a bounded time of processor without progress. */
export class Watchdog implements Disposable {
  #mark: Mark | undefined;
  #task: ReplayedTask | undefined;
  #counters = TICK_COUNTERS;

  /** @param event Index of the event that is being replayed. */
  constructor(private readonly event: () => number) {
    living++;
    setTimer(LOOK_MS);
  }

  /** A task is to come to an event: what it counts on the way is ticks, and back-jumps if these tell the place. */
  watch(task: ReplayedTask, event: TraceEvent): void {
    this.#task = task;
    // What was done since by others, another replay or whoever looks into this one, is no lack of progress.
    this.#mark = undefined;
    this.#counters = "point" in event && event.point === "jump" ? JUMP_COUNTER + 1 : TICK_COUNTERS;
  }

  /**
   * To be called when an interrupt breaks into a wait.
   *
   * @returns The signal that is not the watchdog's own, or 0.
   * @throws EngineError if nothing has happened for too long.
   */
  look(): number {
    const signal = takeInterrupt();
    if (signal !== SIG.SIGALRM) return signal;
    setTimer(LOOK_MS);
    const task = this.#task;
    if (task !== undefined) this.#compare(task);
    return 0;
  }

  #compare(task: ReplayedTask): void {
    const { state, milliseconds } = processorTime(task.tid);
    const { counters } = task.space.cacheSpace;
    let counted = 0;
    // A task whose event was its last, or an execve, has no counters any more: their views are detached.
    for (let i = 0; i < this.#counters; i++) counted += counters[i] ?? 0;
    const now: Mark = {
      event: this.event(),
      counted,
      processorMs: milliseconds + process.cpuUsage().user / 1000,
      looks: 0,
    };
    const before = this.#mark;
    const isSame = before !== undefined && before.event === now.event && before.counted === now.counted;
    if (!isSame) {
      this.#mark = now;
      return;
    }
    before.looks++;
    const spent = now.processorMs - before.processorMs;
    const asleep = state === "S" || state === "T";
    if (spent < PATIENCE_MS && !(asleep && before.looks > PATIENCE_LOOKS)) return;
    throw new EngineError(
      `Cannot replay on: task ${task.id} has got no further than event ${now.event} in ${Math.round(spent / 1000)} s of processor time` +
        `${asleep ? " and sleeps" : ""}: it runs without a branch that could be counted, which no recording ends in; record again`,
    );
  }

  [Symbol.dispose](): void {
    if (--living === 0) setTimer(0);
  }
}

/** The state of a task and the processor time of its process (proc_pid_stat(5)); none of one that is gone. */
function processorTime(tid: number): { state: string; milliseconds: number } {
  const stat = readProcFile(`/proc/${tid}/stat`);
  if (stat === undefined) return { state: "X", milliseconds: 0 };
  // The name in parentheses may hold anything; state is the field behind it, utime and stime are 11 and 12 further.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", milliseconds: (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS };
}
