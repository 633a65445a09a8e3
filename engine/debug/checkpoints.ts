/**
 * Which checkpoints of a replay are kept: dense around the present place, where most ways back lead, and sparse elsewhere, so
 * that no place is far from one. Their number is bounded, and so is their memory.
 */
import { type Clock, steadyClock } from "../clock.ts";
import type { Checkpoint } from "../replay/saved-places.ts";
import type { ReplaySession } from "../replay/session.ts";
import { type Counts, compareCounts } from "./position.ts";

/** How many are kept, and how close to each other. */
export interface CheckpointPolicy {
  /** Milliseconds of replay from one to the next, as estimated. */
  everyMs: number;
  most: number;
  mostBytes: number;
}

/** Short enough for a step back in a tenth of a second; more of them would have a program with much memory copy it again and again. */
const EVERY_MS = 50;
/** With which the gaps of a minute's way are no more than some seconds. */
const MOST = 96;
/** Processes that are kept for all of them: those of one for each address space. */
const MOST_PROCESSES = 256;
/** So many are kept of however many processes. */
const LEAST = 6;
const MOST_BYTES = 1 << 30;
/** Behind a shorter way none is made at a place that was sought. */
const ANCHOR_MS = 2;
/** Distances from the present place below this count alike, and so do those above: in milliseconds of replay. */
const NEAR_MS = 10;
const FAR_MS = 10_000;
/** What is taken for a tick, and for an event: of most programs it is less. */
const TICK_MS = 2e-6;
const EVENT_MS = 0.01;
/** A pass that comes later than this after another one comes after a rest. */
const IDLE_MS = 300;
/** How much of what is known of the pace is kept at each pass. */
const KEPT = 0.98;
/** Memory is measured once in so many times. */
const MEASURED_ONE_IN = 8;

/** What holds without a wish. */
export const USUAL_POLICY: CheckpointPolicy = { everyMs: EVERY_MS, most: MOST, mostBytes: MOST_BYTES };

/** One that is kept. */
interface Kept {
  readonly checkpoint: Checkpoint;
  /** Milliseconds of replay before it, as estimated. */
  readonly at: number;
  /** Never to be given up: the first one, and those of a user. */
  readonly isPinned: boolean;
}

/** The counts of the first place that is come to from a checkpoint. */
export function countsBehind({ position, ticks, jumps, atBranch }: Checkpoint): Counts {
  return {
    event: position,
    ticks: ticks + (atBranch === "tick" ? 1 : 0),
    jumps: jumps + (atBranch === "jump" ? 1 : 0),
  };
}

/** The checkpoints of one session, in the order of their places. */
export class Checkpoints {
  #kept: Kept[] = [];
  /** Where the last one was made, or gone to. */
  #from = Number.NEGATIVE_INFINITY;
  #made = 0;
  /** How long replay has really taken of late, and what it was estimated to take. */
  #pace = { at: 0, time: 0, real: 1, estimated: 1 };

  constructor(
    private readonly session: ReplaySession,
    private readonly policy: CheckpointPolicy,
    private readonly clock: Clock = steadyClock,
  ) {}

  /** Milliseconds of replay before the present place: estimated by what has been counted, so that it is always the same. */
  get #now(): number {
    const { totals, position, tasks } = this.session;
    let { ticks } = totals;
    for (const task of tasks.values()) ticks += task.ticks;
    return TICK_MS * ticks + EVENT_MS * position;
  }

  /** How many there are. */
  get count(): number {
    return this.#live.length;
  }

  get #live(): Kept[] {
    this.#kept = this.#kept.filter(({ checkpoint }) => this.session.saved.has(checkpoint));
    return this.#kept;
  }

  /** Makes one where the replay stands, if the last one is far enough away. */
  pass(): void {
    const now = this.#now;
    this.#learn(now);
    const { real, estimated } = this.#pace;
    if ((now - this.#from) * (real / estimated) >= this.policy.everyMs) this.make(false);
  }

  /** Learns how long replay takes here: times between two passes in which nobody was asked what to do. */
  #learn(at: number): void {
    const pace = this.#pace;
    const time = this.clock();
    const [real, estimated] = [time - pace.time, at - pace.at];
    if (real < IDLE_MS && estimated > 0) {
      pace.real = KEPT * pace.real + real;
      pace.estimated = KEPT * pace.estimated + estimated;
    }
    Object.assign(pace, { at, time });
  }

  /** Makes one at a place that was sought, near which others will be. */
  anchor(): void {
    if (this.#now - this.#from >= Math.min(ANCHOR_MS, this.policy.everyMs)) this.make(false);
  }

  /**
   * Makes one where the replay stands.
   *
   * @returns undefined where that can't be.
   */
  make(isPinned: boolean): Checkpoint | undefined {
    if (this.policy.most === 0) return undefined;
    const at = this.#now;
    const checkpoint = this.session.checkpoint();
    // It is tried again later, whether it has worked or not.
    this.#from = at;
    if (checkpoint === undefined) return undefined;
    const live = this.#live;
    const isFirst = live.length === 0;
    const before = live.findLastIndex(
      (kept) => compareCounts(countsBehind(kept.checkpoint), countsBehind(checkpoint)) <= 0,
    );
    this.#kept = live.toSpliced(before + 1, 0, { checkpoint, at, isPinned: isPinned || isFirst });
    while (this.#isTooMany && this.#giveUpOne(at, checkpoint));
    if (++this.#made % MEASURED_ONE_IN === 0) this.#keepWithin(at, checkpoint);
    return checkpoint;
  }

  get #isTooMany(): boolean {
    const { length } = this.#kept;
    const processes = this.#kept.reduce((sum, { checkpoint }) => sum + checkpoint.processes, 0);
    return length > this.policy.most || (length > LEAST && processes > MOST_PROCESSES);
  }

  #keepWithin(at: number, made: Checkpoint): void {
    let bytes = this.#kept.reduce((sum, { checkpoint }) => sum + this.session.saved.bytesOf(checkpoint), 0);
    while (bytes > this.policy.mostBytes && this.#giveUpOne(at, made))
      bytes = this.#kept.reduce((sum, { checkpoint }) => sum + this.session.saved.bytesOf(checkpoint), 0);
  }

  /** Gives the one up that is missed least, but for the last one made. @returns False if none can be. */
  #giveUpOne(present: number, made: Checkpoint): boolean {
    let least: { kept: Kept; loss: number } | undefined;
    for (const [i, kept] of this.#kept.entries()) {
      const { at, isPinned } = kept;
      if (isPinned || kept.checkpoint === made) continue;
      const gap = (this.#kept[i + 1]?.at ?? Math.max(present, at)) - (this.#kept[i - 1]?.at ?? 0);
      const distance = Math.min(FAR_MS, NEAR_MS + Math.abs(present - at));
      const loss = gap / distance;
      if (least === undefined || loss < least.loss) least = { kept, loss };
    }
    if (least === undefined) return false;
    this.drop(least.kept.checkpoint);
    return true;
  }

  /** The last one from which the first place with these counts can be come to. */
  before(place: Counts): Checkpoint | undefined {
    return this.#last((checkpoint) => compareCounts(countsBehind(checkpoint), place) <= 0);
  }

  /** The last one from which places before these counts are come to. */
  earlier(place: Counts): Checkpoint | undefined {
    return this.#last((checkpoint) => compareCounts(countsBehind(checkpoint), place) < 0);
  }

  /** The last one from which that can be come to by a branch. */
  ahead(place: Counts): Checkpoint | undefined {
    return this.#last(
      (checkpoint) =>
        compareCounts(countsBehind(checkpoint), place) <= 0 &&
        compareCounts({ ...checkpoint, event: checkpoint.position }, place) < 0,
    );
  }

  /** The last one from which the way to an event can be come to, from its start on. */
  beforeEvent(event: number): Checkpoint | undefined {
    return this.#last(
      ({ position, atBranch }) => position < event || (position === event && atBranch === undefined),
    );
  }

  #last(serves: (checkpoint: Checkpoint) => boolean): Checkpoint | undefined {
    return this.#live.findLast(({ checkpoint }) => serves(checkpoint))?.checkpoint;
  }

  /** Goes to one. @returns Whether that has worked. */
  goTo(checkpoint: Checkpoint): boolean {
    const isThere = this.session.goTo(checkpoint);
    this.#from = this.#now;
    return isThere;
  }

  /** Gives one up. */
  drop(checkpoint: Checkpoint): void {
    this.#kept = this.#kept.filter((kept) => kept.checkpoint !== checkpoint);
    this.session.saved.forget(checkpoint);
  }
}
