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
  /** Branches that are not conditional, and conditional ones that were not taken. */
  readonly unconditional: number;
  readonly notTaken: number;
  readonly calls: number;
  readonly returns: number;
  readonly indirect: number;
  readonly far: number;
  readonly loads: number;
  readonly stores: number;
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
    unconditional: value("unconditional"),
    notTaken: value("notTaken"),
    calls: value("calls"),
    returns: value("returns"),
    indirect: value("indirect"),
    far: value("far"),
    loads: value("loads"),
    stores: value("stores"),
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
  const { transactions = "hle", retired, ...counts } = progress;
  for (const [name, value] of [...Object.entries(counts), ...Object.entries(retired ?? {})]) {
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
  const conditional = branches + committed;
  const atLeast = conditional + aborted + locked;
  const instructions = retired?.instructions ?? progress.instructions ?? atLeast * INSTRUCTIONS_PER_BRANCH;
  return {
    branches,
    committed,
    aborted,
    hleStarts: hle ? starts : 0,
    hleAborts: hle ? aborts : 0,
    rtmStarts: hle ? 0 : starts,
    rtmAborts: hle ? 0 : aborts,
    locked,
    // Attempts that were aborted have retired for nothing: only their branches are known.
    instructions: Math.max(instructions, atLeast),
    unconditional: Math.max(0, (retired?.branches ?? 0) - conditional),
    notTaken: retired?.notTaken ?? 0,
    calls: retired?.calls ?? 0,
    returns: retired?.returns ?? 0,
    indirect: retired?.indirect ?? 0,
    far: retired?.far ?? 0,
    loads: retired?.loads ?? 0,
    stores: retired?.stores ?? 0,
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

/** A stretch that looks ahead: nobody takes anything off it. */
export type Outlook = Pick<Stretch, "left" | "until" | "ahead">;

const [ORDINARY_CODE] = Stretch.of(activityOf({ branches: Math.floor(LONGEST / INSTRUCTIONS_PER_BRANCH) }));

/** A stretch of ordinary code, long enough for any look ahead. */
export const ORDINARY_STRETCH: Outlook = ORDINARY_CODE!;

/** A long stretch of code such as an activity was; undefined where that had no branch to measure it by. */
export function outlook(activity: Activity): Outlook | undefined {
  if (activity.branches === 0) return undefined;
  const times = Math.floor(LONGEST / activity.instructions);
  if (times <= 1) return undefined;
  const [stretch] = Stretch.of(each((key) => activity[key] * times));
  return stretch;
}
