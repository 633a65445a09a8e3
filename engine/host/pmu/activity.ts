/**
 * What a processor has done in a stretch of time, in the quantities that events count. A stretch is uniform: a part
 * of it has its share of everything, so that a counter's overflow can be found within it.
 */
import type { Progress } from "../model-api.ts";

/** Counts of one stretch, all of user mode. */
export interface Activity {
  /** Retired conditional branches outside of transactions. */
  readonly branches: number;
  readonly committed: number;
  readonly aborted: number;
  /** Transactions that began, and those of them that were aborted, by how they were begun. */
  readonly hleStarts: number;
  readonly hleAborts: number;
  readonly rtmStarts: number;
  readonly rtmAborts: number;
  readonly locked: number;
  readonly instructions: number;
}

/** An activity of what a function gives for each of its quantities. */
function each(value: (key: keyof Activity) => number): Activity {
  return {
    branches: value("branches"),
    committed: value("committed"),
    aborted: value("aborted"),
    hleStarts: value("hleStarts"),
    hleAborts: value("hleAborts"),
    rtmStarts: value("rtmStarts"),
    rtmAborts: value("rtmAborts"),
    locked: value("locked"),
    instructions: value("instructions"),
  };
}

/** Conditional branches of an activity, wherever they were. */
export function branchesOf({ branches, committed, aborted }: Activity): number {
  return branches + committed + aborted;
}

/** Instructions for each conditional branch where nobody has counted them: what compiled code has, roughly. */
const INSTRUCTIONS_PER_BRANCH = 5;
/** One instruction a cycle at 2 GHz: the nominal speed of every described processor. Times are exact in doubles so. */
const INSTRUCTIONS_PER_NANOSECOND = 2;
/** Instructions around a guess in which it is looked for first. */
const NEAR = 8;
/** Longest uniform stretch: shares of it are computed without a loss in doubles. */
const LONGEST = 2 ** 26;

/** Nanoseconds that a stretch takes. */
export function duration({ instructions }: Activity): number {
  return instructions / INSTRUCTIONS_PER_NANOSECOND;
}

/** Branches of ordinary code that retire in so many nanoseconds. */
export function branchesIn(nanoseconds: number): number {
  return Math.floor(instructionsIn(nanoseconds) / INSTRUCTIONS_PER_BRANCH);
}

/** Instructions that are run in so many nanoseconds. */
export function instructionsIn(nanoseconds: number): number {
  return Math.ceil(nanoseconds * INSTRUCTIONS_PER_NANOSECOND);
}

/** What a task has reported, checked and completed. @throws RangeError for a count that is none. */
export function activityOf(progress: Progress): Activity {
  const { transactions = "hle", ...counts } = progress;
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(
        `Cannot advance as '${name}' must be an integer of 0 or more: current value is ${value}`,
      );
    }
  }
  const { branches, lockedInstructions: locked = 0, committedBranches: committed = 0 } = progress;
  const { abortedBranches: aborted = 0 } = progress;
  const hle = transactions === "hle";
  const aborts = Number(aborted > 0);
  const starts = aborts + Number(committed > 0);
  const atLeast = branches + committed + aborted + locked;
  return {
    branches,
    committed,
    aborted,
    hleStarts: hle ? starts : 0,
    hleAborts: hle ? aborts : 0,
    rtmStarts: hle ? 0 : starts,
    rtmAborts: hle ? 0 : aborts,
    locked,
    instructions: Math.max(progress.instructions ?? atLeast * INSTRUCTIONS_PER_BRANCH, atLeast),
  };
}

/** The rest of a uniform stretch: parts are taken off its front. */
export class Stretch {
  readonly #all: Activity;
  readonly #length: number;
  #position = 0;

  private constructor(all: Activity) {
    this.#all = all;
    this.#length = all.instructions;
  }

  /** A stretch, in parts that are short enough. */
  static *of(all: Activity): Generator<Stretch> {
    for (let rest = all; ; ) {
      if (rest.instructions <= LONGEST) {
        if (rest.instructions > 0) yield new Stretch(rest);
        return;
      }
      const all = rest;
      const share = LONGEST / all.instructions;
      const part = { ...each((key) => Math.floor(all[key] * share)), instructions: LONGEST };
      rest = each((key) => all[key] - part[key]);
      yield new Stretch(part);
    }
  }

  /** Instructions left. */
  get left(): number {
    return this.#length - this.#position;
  }

  #at(position: number, key: keyof Activity): number {
    return Math.floor((this.#all[key] * position) / this.#length);
  }

  /**
   * Instructions after which `count` has come to `target`; undefined if it does not within the stretch.
   *
   * @param count Counts a part; it may only grow with the part.
   */
  until(target: number, count: (part: Activity) => number): number | undefined {
    const whole = count(this.ahead(this.left));
    if (whole < target) return undefined;
    const reaches = (instructions: number) => count(this.ahead(instructions)) >= target;
    // A stretch is uniform: the place is next to where its share says, but for what rounding does.
    const guess = Math.round((target / whole) * this.left);
    let [low, high] = [Math.max(1, guess - NEAR), Math.min(this.left, guess + NEAR)];
    if (low > 1 && reaches(low - 1)) low = 1;
    if (!reaches(high)) high = this.left;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (reaches(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What the next instructions do. */
  ahead(instructions: number): Activity {
    const end = this.#position + instructions;
    return each((key) => this.#at(end, key) - this.#at(this.#position, key));
  }

  /** Takes so many instructions off. */
  take(instructions: number): Activity {
    const part = this.ahead(instructions);
    this.#position += instructions;
    return part;
  }
}

const [ORDINARY] = Stretch.of(activityOf({ branches: Math.floor(LONGEST / INSTRUCTIONS_PER_BRANCH) }));

/** A stretch of ordinary code, long enough for any look ahead; nobody takes anything off it. */
export const ORDINARY_STRETCH: Pick<Stretch, "left" | "until" | "ahead"> = ORDINARY;
