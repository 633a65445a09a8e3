/** What a task has registered for restartable sequences: see `restartable.ts`. */

/** Offsets in struct rseq (linux/rseq.h): `rseq_cs`, `flags`, and `node_id` with `mm_cid` behind it. */
export const RSEQ = { section: 8, flags: 16, node: 20 } as const;

/** Of a task whose processor is to be asked for. */
export const UNKNOWN_PROCESSOR = -1;

/** An area, which the engine keeps as the kernel would. */
export interface RestartableArea {
  readonly address: number;
  readonly length: number;
  /** In front of each place that a sequence may be continued at. */
  readonly signature: number;
  /** What it says of the processor. */
  processor: number;
}
