/**
 * Positions in a replay: exact places between two instructions that can be gone back to. Events order all of them; on
 * the way to an event its task alone runs, and its counts say how far. Between two counted branches no more is known of
 * a place than how it was come by, which is done again then.
 */

/** How far the task of the next event has come. */
export type Counts = Pick<Position, "event" | "ticks" | "jumps">;

/** How a task has gone on since its counts became what they are. */
export type Leg =
  /** By so many instructions. */
  | { steps: number }
  /** To the first stop; one at the very place where the counts became these counts too if `isAnew`. */
  | { stops: ReadonlySet<number>; isAnew: boolean };

/**
 * A place between two instructions of a replay: the event before it, the task that runs, its counts, and the steps
 * from there.
 */
export interface Position {
  /** How many events are behind it. */
  event: number;
  /** Raw counts of the task of the next event: a branch may be counted that has not retired. */
  ticks: number;
  jumps: number;
  /** How it got on from there. */
  trail: readonly Leg[];
  /** The task stands at the event, which is still to be replayed. */
  isArrived: boolean;
}

/** Orders the places where counts change: negative if `a` comes first, 0 where they do not tell. */
export function compareCounts(a: Counts, b: Counts): number {
  return a.event - b.event || a.ticks - b.ticks || a.jumps - b.jumps;
}
