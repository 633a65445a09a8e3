/**
 * A replay that is moved by instructions and to stops, and that can be put at any position: forward by going on, back by
 * beginning anew.
 */
import { invariant } from "../engine-error.ts";
import { Halted, type HaltReason } from "../replay/halt.ts";
import type { OutputStream } from "../replay/output-sink.ts";
import type { ReplayedTask } from "../replay/replayed-task.ts";
import type { Checkpoint } from "../replay/saved-places.ts";
import { ReplaySession } from "../replay/session.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { Watch } from "../tracee/watchpoints.ts";
import { type CheckpointPolicy, Checkpoints, countsBehind, USUAL_POLICY } from "./checkpoints.ts";
import { type Counts, compareCounts, type Leg, type Position } from "./position.ts";

/** How the task of the next event has got on. */
export type Moved = HaltReason | "arrived";

/** What a playhead plays. */
export interface PlayheadOptions {
  /** Folder of the trace. */
  directory: string;
  /** Takes the program's output, each piece once; not what is passed by when a position is sought. */
  output(stream: OutputStream, bytes: Uint8Array): void;
  /** Whether breakpoints are for a task. */
  stopsFor(task: ReplayedTask): boolean;
  /** Asked now and then whether somebody wants to break in. */
  wantsPause(): boolean;
  /** @default the usual one */
  checkpoints?: CheckpointPolicy | undefined;
}

const NOWHERE: ReadonlySet<number> = new Set();

/** An access to what is watched. */
export interface Hit extends Counts {
  address: number;
}

/**
 * Holds the replay and its present position. Owns the session, which is put back to a checkpoint where the way leads back, or
 * begun anew if there is none.
 */
export class Playhead implements Disposable {
  #session: ReplaySession;
  #checkpoints: Checkpoints;
  #isSeeking = false;
  /** Events whose output was shown. */
  readonly #shown = new Set<number>();
  #base: Counts = { event: 0, ticks: 0, jumps: 0 };
  #trail: Leg[] = [];
  #watches: readonly Watch[] = [];
  #hit: Hit | undefined;
  /** Whether {@link move} stops at accesses to what is watched, wherever in a translation; they are noted in any case. */
  haltsAtHits = false;

  constructor(private readonly options: PlayheadOptions) {
    [this.#session, this.#checkpoints] = this.#begin();
  }

  #begin(): [ReplaySession, Checkpoints] {
    const { directory, checkpoints: policy = USUAL_POLICY } = this.options;
    const session = new ReplaySession({
      directory,
      output: (stream, bytes) => this.#show(stream, bytes),
      keepsCheckpoints: policy.most > 0,
    });
    const checkpoints = new Checkpoints(session, policy);
    session.onHalt = (task, reason) => {
      if (reason === "watch") return this.#noteHit(session, task);
      if (reason === "pause") {
        if (!task.isStepping) checkpoints.pass();
        return !this.#isSeeking && this.options.wantsPause();
      }
      return reason === "step" || this.options.stopsFor(task);
    };
    return [session, checkpoints];
  }

  /** Sets what is watched. */
  watch(watches: readonly Watch[]): void {
    this.#watches = watches;
    this.#watchAgain();
  }

  #watchAgain(): void {
    this.#session.watch(this.#watches, (task) => this.options.stopsFor(task as ReplayedTask));
  }

  /** Does something on the way to a place that is sought: nobody wants to know what is accessed meanwhile. */
  #unwatched<T>(act: () => T): T {
    this.#session.watch([], () => false);
    const result = act();
    this.#watchAgain();
    this.#hit = undefined;
    return result;
  }

  /** The last access to what is watched, once. */
  takeHit(): Hit | undefined {
    const hit = this.#hit;
    this.#hit = undefined;
    return hit;
  }

  #noteHit(session: ReplaySession, task: ReplayedTask): boolean {
    const watch = session.takeHit(task);
    if (watch === undefined) return false;
    const { ticks, jumps } = task;
    this.#hit = { event: session.position, ticks, jumps, address: watch.address };
    return this.haltsAtHits && !task.isStepping;
  }

  #show(stream: OutputStream, bytes: Uint8Array): void {
    // Counted already when it is replayed.
    const event = this.#session.position - 1;
    if (this.#isSeeking || this.#shown.has(event)) return;
    this.#shown.add(event);
    this.options.output(stream, bytes);
  }

  /** What can be gone back to quickly. */
  get checkpoints(): Checkpoints {
    return this.#checkpoints;
  }

  /** The replay as it is now; it may be another one after {@link seek}. */
  get session(): ReplaySession {
    return this.#session;
  }

  /** The event that comes next; undefined where the trace has no more. */
  get next(): TraceEvent | undefined {
    const { next } = this.#session;
    return next?.kind === "end" ? undefined : next;
  }

  /** The task that is on its way to the next event. */
  get runner(): ReplayedTask | undefined {
    const { next } = this;
    return next && this.#session.tasks.get(next.task);
  }

  /** Where it stands. */
  get position(): Position {
    return { ...this.#counts, trail: [...this.#trail], isArrived: this.runner?.isAtEvent ?? false };
  }

  get #counts(): Counts {
    const { ticks = 0, jumps = 0 } = this.runner ?? {};
    return { event: this.#session.position, ticks, jumps };
  }

  /**
   * Lets the task of the next event go on towards it.
   *
   * @param isStep Only by one instruction.
   * @param stops Where it stops; not where it stands. They are kept, and not to be changed later.
   */
  move(isStep: boolean, stops: ReadonlySet<number> = NOWHERE): Moved {
    return this.#run(stops, isStep, () => this.#session.approach());
  }

  /** Does something that moves the task of the next event, until it stops on the way. */
  #run(stops: ReadonlySet<number>, isStep: boolean, act: () => void): Moved {
    const { runner } = this;
    if (runner === undefined || runner.isAtEvent) return "arrived";
    this.#session.stops = stops;
    runner.leaveForStop();
    runner.isStepping = isStep;
    try {
      act();
      this.#note();
      return "arrived";
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
      // It stands at a branch: a place that has a position is one instruction further.
      if (error.reason === "pause" || error.reason === "watch") return error.reason;
      const isAnew = this.#note();
      if (error.reason === "breakpoint") this.#trail.push({ stops, isAnew });
      else if (!isAnew) this.#addStep();
      return error.reason;
    } finally {
      runner.isStepping = false;
    }
  }

  /** Takes note of the counts. @returns Whether they have changed. */
  #note(): boolean {
    const counts = this.#counts;
    if (compareCounts(counts, this.#base) === 0) return false;
    this.#base = counts;
    this.#trail = [];
    return true;
  }

  #addStep(): void {
    const last = this.#trail.at(-1);
    if (last && "steps" in last) this.#trail[this.#trail.length - 1] = { steps: last.steps + 1 };
    else this.#trail.push({ steps: 1 });
  }

  /** Replays the next event, whose task has arrived there. */
  pass(): void {
    this.#session.stops = NOWHERE;
    this.#session.step();
    this.#note();
    this.#checkpoints.pass();
  }

  /** As {@link pass}, without showing what the program writes. */
  passSilently(): void {
    this.#silently(() => this.pass());
  }

  /** Lets the task of the next event go on until it has so many ticks; nowhere if it has them. */
  toTick(ticks: number): void {
    const { runner } = this;
    if (runner === undefined || runner.ticks >= ticks) return;
    this.#silently(() => {
      this.#session.stops = NOWHERE;
      if (!this.#session.toCounts(ticks, 0).isAtBranch) {
        this.#note();
        return;
      }
      // The branch is counted some instructions before it retires.
      while (this.move(true) === "step" && (this.runner?.retiredTicks ?? ticks) < ticks);
    });
  }

  /** Replays events, without showing what the program writes, until something holds or there are no more. */
  skipUntil(holds: () => boolean): void {
    this.#silently(() => {
      while (!holds() && this.next !== undefined) this.pass();
    });
  }

  /**
   * Lets the task of the next event go on, to the counts of a position that is on its way.
   *
   * @returns "arrived" where the branch comes next that makes these counts.
   */
  moveTo({ ticks, jumps }: Counts, stops: ReadonlySet<number>): Moved {
    return this.#run(stops, false, () => this.#session.toCounts(ticks, jumps));
  }

  /** Whether breakpoints are for a task. */
  stopsFor(task: ReplayedTask): boolean {
    return this.options.stopsFor(task);
  }

  /**
   * Goes to an event, which is still to come.
   *
   * @param isArrived Whether its task is to stand there; else it stands where it was when the event before had happened.
   */
  seekEvent(event: number, isArrived: boolean): void {
    this.#silently(() => {
      const { position, isOnTheWay } = this.#session;
      const isBefore = position < event || (position === event && !isOnTheWay);
      this.#rewind(this.#checkpoints.beforeEvent(event), isBefore ? { event: position } : undefined);
      this.#stepTo(event);
      this.#checkpoints.anchor();
      if (!isArrived) return;
      this.#session.approach();
      this.#note();
    });
  }

  /**
   * Goes to a branch by which a task's counts become these, where the next instruction of it counts.
   *
   * @returns The counts that it has until then; undefined if it has these at the start of its way to the event.
   */
  seekBranch(place: Counts): Counts | undefined {
    return this.#silently(() => {
      this.#rewind(this.#checkpoints.ahead(place), this.#isBehind(place) ? undefined : this.#counts);
      this.#stepTo(place.event);
      if (compareCounts(this.#counts, place) >= 0) return undefined;
      const { before } = this.#unwatched(() => this.#session.toCounts(place.ticks, place.jumps));
      this.#checkpoints.anchor();
      return { event: place.event, ...before };
    });
  }

  /** Goes to somewhere on the way to an event, not behind the first place with these counts. */
  seekNear(place: Counts): void {
    this.#silently(() => {
      this.#rewind(this.#checkpoints.before(place), this.#isBehind(place) ? undefined : this.#counts);
      this.#stepTo(place.event);
    });
  }

  /** Whether the present place is not before the first one with these counts, or may not be. */
  #isBehind(place: Counts): boolean {
    return compareCounts(this.#counts, place) >= 0;
  }

  /** Goes on silently to an event's start. */
  #stepTo(event: number): void {
    this.#session.stops = NOWHERE;
    this.#unwatched(() => {
      while (this.#session.position < event) {
        this.#session.step();
        this.#checkpoints.pass();
      }
    });
    this.#note();
  }

  /**
   * Puts the replay at a checkpoint from which a place can be come to.
   *
   * @param checkpoint The last one there is; undefined for the start.
   * @param here How far it has come, if it can go on from where it is.
   */
  #rewind(checkpoint: Checkpoint | undefined, here: Partial<Counts> | undefined): void {
    if (here !== undefined) {
      const counts = { event: 0, ticks: 0, jumps: 0, ...here };
      if (checkpoint === undefined || compareCounts(counts, countsBehind(checkpoint)) >= 0) return;
    }
    if (checkpoint === undefined || !this.#checkpoints.goTo(checkpoint)) this.#restart();
    this.#base = this.#counts;
    this.#trail = [];
  }

  #silently<T>(act: () => T): T {
    const was = this.#isSeeking;
    this.#isSeeking = true;
    try {
      return act();
    } finally {
      this.#isSeeking = was;
    }
  }

  /** Puts it at a position, without showing what the program writes on the way. */
  seek(position: Position): void {
    this.#silently(() => {
      const here = this.#isBehind(position) ? undefined : this.#counts;
      this.#rewind(this.#checkpoints.before(position), here);
      this.#stepTo(position.event);
      this.#toCounts(position);
      for (const leg of position.trail) this.#follow(leg);
      if (!position.isArrived) return;
      this.#session.stops = NOWHERE;
      this.#session.approach();
      this.#note();
    });
  }

  /** Goes to a checkpoint: the branch that it may stand at is still to come. */
  seekCheckpoint(checkpoint: Checkpoint): void {
    this.#silently(() => {
      this.#rewind(checkpoint, undefined);
      if (this.#session.position < checkpoint.position) this.#stepTo(checkpoint.position);
    });
  }

  #restart(): void {
    this.#session.end();
    [this.#session, this.#checkpoints] = this.#begin();
    this.#watchAgain();
  }

  #toCounts(position: Position): void {
    if (compareCounts(this.#counts, position) === 0) {
      this.#checkpoints.anchor();
      return;
    }
    const { isAtBranch } = this.#unwatched(() => this.#session.toCounts(position.ticks, position.jumps));
    if (isAtBranch) {
      this.#checkpoints.anchor();
      this.move(true);
    } else this.#note();
    const isThere = compareCounts(this.#counts, position) === 0;
    // Where its event comes before the next instruction, the counts are those of the event.
    invariant(isThere || position.isArrived, `a position that is none: ${describe(position)}`);
  }

  #follow(leg: Leg): void {
    if ("steps" in leg) {
      for (let left = leg.steps; left > 0; left--)
        invariant(this.move(true) === "step", "a step that leads nowhere");
      return;
    }
    const pc = this.runner?.between?.pc;
    if (leg.isAnew && pc !== undefined && leg.stops.has(pc)) this.#trail.push(leg);
    else invariant(this.move(false, leg.stops) === "breakpoint", "a stop that is not come to again");
  }

  [Symbol.dispose](): void {
    this.#session.end();
  }
}

function describe({ event, ticks, jumps }: Position): string {
  return `event ${event}, ticks ${ticks}, jumps ${jumps}`;
}
