/**
 * The way back: which place came before. What was executed can't be undone, so it is executed again, from an earlier
 * place on, and the last place that is looked for on the way is the one to go to.
 */
import { RIP } from "../tracee/registers.ts";
import type { EventIndex } from "./event-index.ts";
import { movesTask } from "./event-index.ts";
import type { Playhead } from "./playhead.ts";
import { compareCounts, type Position } from "./position.ts";

/** How many events the search for a stop goes back at first; each further time so many times as far. */
const FIRST_WINDOW = 16;
const WIDER = 8;

/** What a replay that goes back stops for. */
export interface Wanted {
  stops: ReadonlySet<number>;
  /** Whether a signal that a task of the process gets is one. */
  isSignalWanted(signal: number): boolean;
  isFocus(task: number): boolean;
}

/** Steps and runs back, each by running forward again from an earlier place and keeping the last stop on the way. */
export class Reversal {
  /** Nothing goes back behind this event. */
  first = 1;

  constructor(
    private readonly playhead: Playhead,
    private readonly events: EventIndex,
  ) {}

  /**
   * Goes to the place before the instruction that a task has executed last.
   *
   * @returns False at its beginning, where it stays.
   */
  stepBack(task: number): boolean {
    const here = this.playhead.position;
    if (this.playhead.runner?.id === task && this.#backOnTheWay(here)) return true;
    for (let before = here.event; ; ) {
      const last = this.events.lastBefore(before, (event) => event.task === task);
      if (last === undefined || last.index < this.first) break;
      this.playhead.seekEvent(last.index, true);
      if (movesTask(last.event) || this.#backOnTheWay(this.playhead.position)) return true;
      before = last.index;
    }
    this.playhead.seek(here);
    return false;
  }

  /** Goes back by an instruction of those on the way to the next event. @returns False if there is none. */
  #backOnTheWay(here: Position): boolean {
    let from = { ...here, trail: [], isArrived: false };
    for (;;) {
      const before = this.#lastBetween(from, here);
      if (before !== undefined) {
        this.playhead.seek(before);
        return true;
      }
      const earlier = this.#earlierCounts(from);
      if (earlier === undefined) return false;
      from = { ...earlier, trail: [], isArrived: false };
    }
  }

  /**
   * The last place from one on, and before another one, on the way to the same event.
   *
   * @param isMeant Which of them count.
   */
  #lastBetween(from: Position, to: Position, isMeant = () => true): Position | undefined {
    const { playhead } = this;
    const steps = to.isArrived ? undefined : this.#stepsTo(to);
    playhead.seek(from);
    let found: Position | undefined;
    for (;;) {
      const place = playhead.position;
      if (steps !== undefined && compareCounts(place, to) === 0 && stepsOf(place) === steps) return found;
      const isWanted = isMeant();
      // What stands at the event already is not before it.
      if (playhead.move(true) === "arrived") return found;
      if (isWanted) found = place;
    }
  }

  /** How many instructions a position is behind the place where its counts became these. */
  #stepsTo(position: Position): number {
    const { playhead } = this;
    if (position.trail.every((leg) => "steps" in leg)) return stepsOf(position);
    playhead.seek({ ...position, trail: [], isArrived: false });
    for (const leg of position.trail) {
      if ("steps" in leg) for (let left = leg.steps; left > 0; left--) playhead.move(true);
      else {
        let isMoved = leg.isAnew;
        while (!isMoved || !leg.stops.has(this.#pc)) {
          playhead.move(true);
          isMoved = true;
        }
      }
    }
    return stepsOf(playhead.position);
  }

  get #pc(): number {
    return Number(this.playhead.runner?.programRegisters[RIP] ?? 0n);
  }

  /** The counts that came before those of a position, on the way to the same event. */
  #earlierCounts({
    event,
    ticks,
    jumps,
  }: Position): { event: number; ticks: number; jumps: number } | undefined {
    const { playhead } = this;
    playhead.seekEvent(event, false);
    if (compareCounts(playhead.position, { event, ticks, jumps }) >= 0) return undefined;
    playhead.session.toCounts(ticks, jumps);
    const { runner } = playhead;
    return runner && { event, ticks: runner.ticks, jumps: runner.jumps };
  }

  /**
   * Goes back to the last stop.
   *
   * @returns What it is; "start" if there is none, and it is at the beginning now.
   */
  runBack(wanted: Wanted): "breakpoint" | "signal" | "start" {
    const { playhead } = this;
    const here = playhead.position;
    const { runner } = playhead;
    if (runner && wanted.isFocus(runner.id)) {
      const near = this.#lastBetween({ ...here, trail: [], isArrived: false }, here, () =>
        wanted.stops.has(this.#pc),
      );
      if (near) {
        playhead.seek(near);
        return "breakpoint";
      }
    }
    for (let size = FIRST_WINDOW; ; size *= WIDER) {
      const from = Math.max(this.first, here.event - size);
      const stop = this.#lastStop(from, here, wanted.stops);
      const signal = this.events.lastBefore(
        here.event,
        (event) =>
          event.kind === "signal" && wanted.isSignalWanted(event.signal) && wanted.isFocus(event.task),
      );
      if (signal && signal.index >= from && signal.index >= (stop?.event ?? 0)) {
        playhead.seekEvent(signal.index, true);
        return "signal";
      }
      if (stop) {
        playhead.seek(stop);
        return "breakpoint";
      }
      if (from > this.first) continue;
      playhead.seekEvent(this.first, false);
      return "start";
    }
  }

  /** The last stop from an event on, and before a position's counts. */
  #lastStop(from: number, to: Position, stops: ReadonlySet<number>): Position | undefined {
    const { playhead } = this;
    if (stops.size === 0) return undefined;
    let found: Position | undefined;
    playhead.seekEvent(from, false);
    if (this.#isStop(stops) && compareCounts(playhead.position, to) < 0) found = playhead.position;
    while (compareCounts(playhead.position, to) < 0) {
      const isLast = playhead.position.event === to.event;
      const moved = isLast ? playhead.moveTo(to, stops) : playhead.move(false, stops);
      if (moved === "breakpoint") found = playhead.position;
      else if (isLast) break;
      else {
        playhead.passSilently();
        if (this.#isStop(stops) && compareCounts(playhead.position, to) < 0) found = playhead.position;
      }
    }
    return found;
  }

  /** Whether the next task stands at a stop, though it has not come there by running. */
  #isStop(stops: ReadonlySet<number>): boolean {
    const { runner } = this.playhead;
    return runner !== undefined && !runner.isAtEvent && this.playhead.stopsFor(runner) && stops.has(this.#pc);
  }
}

/** Instructions of a trail that has nothing else. */
function stepsOf({ trail }: Position): number {
  return trail.reduce((sum, leg) => sum + ("steps" in leg ? leg.steps : 0), 0);
}
