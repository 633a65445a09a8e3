/**
 * Schedules that fair turns never lead to, drawn by a seed: the same seed gives the same decisions. Races show when a
 * task is stopped at an awkward place, or is kept waiting while others get far ahead. So turns are of very different
 * lengths, from a few ticks up; tasks have priorities that change; and now and then one gets no turn for a while.
 */
import type { RecordedTask } from "./recorded-task.ts";
import { FAIR, type SchedulePolicy } from "./schedule.ts";

/** Largest seed: 32 bits. */
export const MAX_SEED = 0xffff_ffff;

/** Budgets, as powers of two of ticks per counter: of most turns, and of the short ones. */
const LONG_TURN = { from: 10, to: 19 } as const;
const SHORT_TURN = { from: 0, to: 8 } as const;
/** One turn in so many is a short one: each costs a stop of 10 µs for next to no progress. */
const SHORT_ONE_IN = 8;
/** One event in so many ends a turn. */
const SWITCH_ONE_IN = 6;
/** One turn in so many draws the priorities anew. */
const REDRAW_ONE_IN = 32;
/** One turn in so many begins to starve a task, for up to so many turns. */
const STARVE_ONE_IN = 48;
const STARVED_TURNS = 120;

/** Numbers from a seed (mulberry32: a counter, mixed). */
export class SeededNumbers {
  constructor(private state: number) {}

  /** A whole number of 0 to below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

/** A schedule by seed: budgets, priorities and starvations that fair turns do not have. */
export class Chaos implements SchedulePolicy {
  private readonly numbers: SeededNumbers;
  /** Of the tasks that were met since the last drawing; higher goes first. */
  private priorities = new WeakMap<RecordedTask, number>();
  private starved: RecordedTask | undefined;
  private starvedTurns = 0;

  /**
   * @param seed An integer of 0 to {@link MAX_SEED}.
   */
  constructor(seed: number) {
    this.numbers = new SeededNumbers(seed);
  }

  budget(alone: boolean): number {
    if (alone) return FAIR.budget(alone);
    const { from, to } = this.numbers.once(SHORT_ONE_IN) ? SHORT_TURN : LONG_TURN;
    const power = 2 ** (from + this.numbers.below(to - from + 1));
    return power + this.numbers.below(power);
  }

  choose(ready: readonly RecordedTask[]): number {
    if (this.numbers.once(REDRAW_ONE_IN)) this.priorities = new WeakMap();
    if (this.starvedTurns > 0) this.starvedTurns--;
    else if (this.numbers.once(STARVE_ONE_IN)) {
      this.starved = ready[this.numbers.below(ready.length)];
      this.starvedTurns = this.numbers.below(STARVED_TURNS);
    }
    let best: number[] = [];
    let highest = Number.NEGATIVE_INFINITY;
    ready.forEach((task, index) => {
      const priority = this.priority(task);
      if (priority < highest) return;
      if (priority > highest) best = [];
      highest = priority;
      best.push(index);
    });
    return best[this.numbers.below(best.length)] ?? 0;
  }

  /** Few levels, so that most tasks have equals that they take turns with. */
  private priority(task: RecordedTask): number {
    if (this.starvedTurns > 0 && task === this.starved) return -1;
    let priority = this.priorities.get(task);
    if (priority === undefined) {
      priority = this.numbers.once(4) ? this.numbers.below(3) : 1;
      this.priorities.set(task, priority);
    }
    return priority;
  }

  isOver(): boolean {
    return this.numbers.once(SWITCH_ONE_IN);
  }
}
