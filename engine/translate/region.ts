/** Stretches of memory that translation deals with: of the code cache, and of the program's text. */

/** A stretch of cache memory that is mapped in the tracer and, at `base`, in the tracee. */
export interface Region {
  base: number;
  bytes: Uint8Array;
  view: DataView;
}

/** A stretch of text: app addresses [start, end). */
export interface TextRange {
  start: number;
  end: number;
}

/** Data within 1 GiB of the text is reachable from a region at most this far from it. */
const NEAR = 0x40000000;

/** Whether a region at `base` can serve text at `pc`. */
export function isNear(base: number, pc: number): boolean {
  return Math.abs(base - pc) < NEAR;
}
