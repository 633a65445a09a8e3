/**
 * The way back: which place came before. What was executed can't be undone, so it is executed again, from an earlier
 * place on, and the last place that is looked for on the way is the one to go to.
 */

import { RIP } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import type { Checkpoint } from "../replay/saved-places.ts";
import { countsBehind } from "./checkpoints.ts";
import type { EventIndex } from "./event-index.ts";
import { movesTask } from "./event-index.ts";
import type { Hit, Playhead } from "./playhead.ts";
import { type Counts, compareCounts, type Position } from "./position.ts";
import type { Watching, Watchpoint } from "./watching.ts";

/** How many events the search for a stop goes back at first where there are no checkpoints; each further time so many times as far. */
const FIRST_WINDOW = 16;
const WIDER = 8;

/** Where a search begins: at a checkpoint, or at an event's start. */
type Start = { checkpoint: Checkpoint } | { event: number };

/** What is found on the way to a place, the last of each kind. */
interface LastStops {
  stop?: Position;
  hit?: Hit;
  /** An event that has changed what is watched, in front of it. */
  change?: { at: Position; point: Watchpoint };
}

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
    private readonly watching: Watching,
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
   * @param isMeant Which of them count; given the access that the instruction there makes, if it is to something watched, and its
   *   app pc.
   */
  #lastBetween(
    from: Position,
    to: Position,
    isMeant: (hit: Hit | undefined, pc: number) => boolean = () => true,
  ): Position | undefined {
    const { playhead } = this;
    const steps = to.isArrived ? undefined : this.#stepsTo(to);
    playhead.seek(from);
    let found: Position | undefined;
    for (;;) {
      const place = playhead.position;
      if (steps !== undefined && compareCounts(place, to) === 0 && stepsOf(place) === steps) return found;
      const pc = this.#pc;
      playhead.takeHit();
      const moved = playhead.move(true);
      const hit = playhead.takeHit();
      // What stands at the event already is not before it.
      if (moved === "arrived" && hit === undefined) return found;
      if (isMeant(hit, pc)) found = place;
      if (moved === "arrived") return found;
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
  #earlierCounts(place: Counts): Counts | undefined {
    return this.playhead.seekBranch(place);
  }

  /**
   * Goes back to the last stop.
   *
   * @returns What it is, or what was accessed there; "start" if there is none, and it is at the beginning now.
   */
  runBack(wanted: Wanted): "breakpoint" | "signal" | "start" | Watchpoint {
    const { playhead } = this;
    const here = playhead.position;
    const { runner } = playhead;
    if (runner && wanted.isFocus(runner.id)) {
      const near = this.#lastMeant({ ...here, trail: [], isArrived: false }, here, wanted.stops);
      if (near) return near;
    }
    const signal = this.events.lastBefore(
      here.event,
      (event) => event.kind === "signal" && wanted.isSignalWanted(event.signal) && wanted.isFocus(event.task),
    );
    let size = FIRST_WINDOW;
    for (let end: Counts = here; ; size *= WIDER) {
      const start = this.#startBefore(end, here.event - size);
      const from = "event" in start ? start.event : start.checkpoint.position;
      const { stop, hit, change } = this.#lastStop(start, end, wanted.stops);
      const latest = Math.max(stop?.event ?? 0, hit?.event ?? 0, change?.at.event ?? 0);
      if (signal && signal.index >= from && signal.index >= latest) {
        playhead.seekEvent(signal.index, true);
        return "signal";
      }
      // What an event changes comes behind all on the way to it.
      if (change && change.at.event >= latest) {
        playhead.seekEvent(change.at.event, true);
        return change.point;
      }
      if (hit && (stop === undefined || compareCounts(hit, stop) >= 0))
        return this.#backToHit(hit, wanted.stops);
      if (stop) {
        playhead.seek(stop);
        return "breakpoint";
      }
      if ("checkpoint" in start) end = countsBehind(start.checkpoint);
      else if (start.event <= this.first) {
        playhead.seekEvent(this.first, false);
        return "start";
      }
    }
  }

  /** Where to look for the last stop before a place: from the checkpoint before it on, or from an event where there is none. */
  #startBefore(end: Counts, event: number): Start {
    const checkpoint = this.playhead.checkpoints.earlier(end);
    if (checkpoint === undefined || checkpoint.position < this.first)
      return { event: Math.max(this.first, Math.min(event, end.event)) };
    return { checkpoint };
  }

  /** Goes to the last stop or access from a place on, and before another one, on the way to the same event. */
  #lastMeant(
    from: Position,
    to: Position,
    stops: ReadonlySet<number>,
  ): "breakpoint" | Watchpoint | undefined {
    let last: Hit | undefined;
    const place = this.#lastBetween(from, to, (hit, pc) => {
      const isMeant = hit !== undefined || stops.has(pc);
      if (isMeant) last = hit;
      return isMeant;
    });
    if (place === undefined) return undefined;
    this.playhead.seek(place);
    return last ? this.watching.pointAt(last.address) : "breakpoint";
  }

  /** Goes in front of the last access with these counts, or to a breakpoint between that and the next counts. */
  #backToHit(hit: Hit, stops: ReadonlySet<number>): "breakpoint" | Watchpoint {
    // The instruction that makes the counts these may be the one: it begins with the counts before.
    const before = this.#earlierCounts(hit) ?? hit;
    const end = this.#endOfCounts(hit);
    const found = this.#lastMeant({ ...before, trail: [], isArrived: false }, end, stops);
    invariant(found, "an access that does not come again");
    return found;
  }

  /** The first place whose counts are later ones, or the event. */
  #endOfCounts(counts: Counts): Position {
    const { playhead } = this;
    playhead.seek({ ...counts, trail: [], isArrived: false });
    while (compareCounts(playhead.position, counts) === 0 && playhead.move(true) !== "arrived");
    return playhead.position;
  }

  /**
   * The last stop and the last access from a start on, and before other counts; and the last event that has changed what is
   * watched.
   */
  #lastStop(start: Start, to: Counts, stops: ReadonlySet<number>): LastStops {
    const { playhead, watching } = this;
    const found: LastStops = {};
    if (stops.size === 0 && !watching.any) return found;
    if ("event" in start) playhead.seekEvent(start.event, false);
    else playhead.seekCheckpoint(start.checkpoint);
    const isPlace = "event" in start || start.checkpoint.atBranch === undefined;
    if (isPlace && this.#isStop(stops) && compareCounts(playhead.position, to) < 0)
      found.stop = playhead.position;
    while (compareCounts(playhead.position, to) < 0) {
      const isLast = playhead.position.event === to.event;
      const moved = isLast ? playhead.moveTo(to, stops) : playhead.move(false, stops);
      const hit = playhead.takeHit();
      if (hit) found.hit = hit;
      if (moved === "breakpoint") found.stop = playhead.position;
      else if (isLast) break;
      else {
        const at = playhead.position;
        const values = watching.values();
        playhead.passSilently();
        const point = watching.changed(values);
        if (point) found.change = { at, point };
        if (this.#isStop(stops) && compareCounts(playhead.position, to) < 0) found.stop = playhead.position;
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
