/**
 * What is watched: the addresses, their values, and the exact place behind an access. The processor tells of one in the
 * midst of a translation, at a place that has no position; so the replay goes to the counts that the task had there once
 * more, and on by instructions, until one makes the access.
 */
import { invariant } from "../engine-error.ts";
import { MOST_WATCHES, type Watch } from "../tracee/watchpoints.ts";
import type { Playhead } from "./playhead.ts";
import { type Counts, compareCounts, type Position } from "./position.ts";

/** What somebody wants to be told of. */
export interface Watchpoint {
  kind: "write" | "read" | "access";
  address: number;
  length: number;
}

/** Pieces that the processor can watch: each aligned to its length. */
export function piecesOf({ kind, address, length }: Watchpoint): Watch[] {
  const pieces: Watch[] = [];
  for (let at = address; at < address + length; ) {
    const fits = ([8, 4, 2, 1] as const).find((size) => at % size === 0 && at + size <= address + length);
    invariant(fits, "a byte is aligned to its length");
    pieces.push({ address: at, length: fits, isRead: kind !== "write" });
    at += fits;
  }
  return pieces;
}

/** The watchpoints of a debugger. */
export class Watching {
  #points: readonly Watchpoint[] = [];

  constructor(
    private readonly playhead: Playhead,
    private readonly read: (address: number, length: number) => Uint8Array,
  ) {}

  get any(): boolean {
    return this.#points.length > 0;
  }

  /** Watches one more. @returns False if the processor can't watch so much. */
  add(point: Watchpoint): boolean {
    return this.#set([...this.#points.filter((one) => !isSame(one, point)), point]);
  }

  /** Watches one no more. */
  remove(point: Watchpoint): void {
    this.#set(this.#points.filter((one) => !isSame(one, point)));
  }

  #set(points: readonly Watchpoint[]): boolean {
    const pieces = points.flatMap(piecesOf);
    if (pieces.length > MOST_WATCHES) return false;
    this.#points = points;
    this.playhead.watch(pieces);
    return true;
  }

  /** The watchpoint that a piece is of. */
  pointAt(address: number): Watchpoint {
    const found = this.#points.find(
      (point) => address >= point.address && address < point.address + point.length,
    );
    invariant(found, "an access to what nobody watches");
    return found;
  }

  /** What is there now: to be compared with {@link changed}. */
  values(): Uint8Array[] {
    return this.#points.map(({ address, length }) => this.read(address, length).slice());
  }

  /** The watchpoint whose value is another one than it was: the kernel writes without an instruction of the program's. */
  changed(before: readonly Uint8Array[]): Watchpoint | undefined {
    return this.#points.find(
      ({ address, length }, i) =>
        before[i] !== undefined && !Buffer.from(before[i]).equals(this.read(address, length)),
    );
  }

  /**
   * Goes right behind an access.
   *
   * @param from A position before it, behind which there is no other one.
   * @param at The counts at the access.
   */
  settle(from: Position, at: Counts): Watchpoint {
    const { playhead } = this;
    const isNear = compareCounts(from, at) === 0;
    playhead.seek(isNear ? from : { ...at, trail: [], isArrived: false });
    // The way there ends with the instruction by which the counts became these.
    let hit = isNear ? undefined : playhead.takeHit();
    playhead.takeHit();
    while (hit === undefined) {
      const moved = playhead.move(true);
      hit = playhead.takeHit();
      invariant(moved === "step" || hit !== undefined, "an access that does not come again");
    }
    return this.pointAt(hit.address);
  }
}

function isSame(a: Watchpoint, b: Watchpoint): boolean {
  return a.kind === b.kind && a.address === b.address && a.length === b.length;
}
