/**
 * Schedules that fair turns never lead to, drawn by a seed: the same seed gives the same decisions. Races show when a
 * task is stopped at an awkward place, or is kept waiting while others get far ahead. So turns are of very different
 * lengths, from a few ticks up; tasks have priorities that change; and now and then one gets no turn for a while.
 */
import type { RecordedTask } from "./recorded-task.ts";
import { FAIR, type SchedulePolicy } from "./schedule.ts";

/** Largest seed: 32 bits. */
export const MAX_SEED = 0xffff_ffff;

/**
 * Powers of two of ticks per counter that a turn may be long. Turns begin short, which finds what happens at a program's
 * start or in a program that is soon over, and get longer the more there were, so that all stops of a long run, of some
 * 10 µs each, take seconds: the bound doubles whenever there were twice as many turns.
 */
const LONGEST_TURN = 19;
/** The bound of the first turns, drawn for each seed. */
const FIRST_BOUND = { from: 2, to: 9 } as const;
/** Turns until it doubles first. */
const FIRST_TURNS = 128;
/** A turn ends some instructions behind its branch, between the halves of what is not atomic, once in so many times. */
const STEPS_ONE_IN = 3;
/** Most instructions, as a power of two: basic blocks are short. */
const MOST_STEPS_POWER = 4;
/** One event in so many ends a turn, drawn for each seed. */
const SWITCH_ONE_IN = [2, 6] as const;
/** One turn in so many draws the priorities anew. */
const REDRAW_ONE_IN = 32;
/** One turn in so many begins to starve a task, for up to so many turns; the first drawn for each seed. */
const STARVE_ONE_IN = [8, 48] as const;
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
  private turns = 0;
  private readonly firstBound: number;
  private readonly switchOneIn: number;
  private readonly starveOneIn: number;

  /**
   * @param seed An integer of 0 to {@link MAX_SEED}.
   */
  constructor(seed: number) {
    const numbers = new SeededNumbers(seed);
    this.numbers = numbers;
    this.firstBound = FIRST_BOUND.from + numbers.below(FIRST_BOUND.to - FIRST_BOUND.from + 1);
    this.switchOneIn = SWITCH_ONE_IN[numbers.below(SWITCH_ONE_IN.length)]!;
    this.starveOneIn = STARVE_ONE_IN[numbers.below(STARVE_ONE_IN.length)]!;
  }

  budget(alone: boolean): number {
    if (alone) return FAIR.budget(alone);
    this.turns++;
    const doubled = Math.floor(Math.log2(1 + this.turns / FIRST_TURNS));
    const bound = Math.min(LONGEST_TURN, this.firstBound + doubled);
    const power = 2 ** this.numbers.below(bound + 1);
    return power + this.numbers.below(power);
  }

  steps(): number {
    if (!this.numbers.once(STEPS_ONE_IN)) return 0;
    const power = 2 ** this.numbers.below(MOST_STEPS_POWER);
    return power + this.numbers.below(power);
  }

  choose(ready: readonly RecordedTask[]): number {
    if (this.numbers.once(REDRAW_ONE_IN)) this.priorities = new WeakMap();
    if (this.starvedTurns > 0) this.starvedTurns--;
    else if (this.numbers.once(this.starveOneIn)) {
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
    return this.numbers.once(this.switchOneIn);
  }
}

/**
 * So many turns by one schedule, and others from then on: what the turn does that is the last of them shows by one more or less.
 */
export class FirstTurns implements SchedulePolicy {
  /** How many turns there were by the first schedule, and by the one behind it. */
  made = 0;
  rest = 0;
  #isOver = false;

  /**
   * @param turns How many.
   * @param others The schedule behind that.
   * @param onRest Told when its first turn begins.
   * @param onTurn Told of each turn.
   */
  constructor(
    private readonly first: SchedulePolicy,
    private readonly turns: number,
    private readonly others: SchedulePolicy,
    private readonly onRest: () => void,
    private readonly onTurn: () => void,
  ) {}

  get #policy(): SchedulePolicy {
    return this.#isOver ? this.others : this.first;
  }

  budget(alone: boolean): number {
    return this.#policy.budget(alone);
  }

  steps(): number {
    return this.#policy.steps();
  }

  choose(ready: readonly RecordedTask[]): number {
    this.onTurn();
    if (!this.#isOver && this.made === this.turns) {
      this.#isOver = true;
      this.onRest();
    }
    if (this.#isOver) this.rest++;
    else this.made++;
    return this.#policy.choose(ready);
  }

  isOver(events: number): boolean {
    return this.#policy.isOver(events);
  }
}
