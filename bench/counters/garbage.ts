/**
 * The garbage that reads make. JavaScriptCore does not say how many bytes were allocated, but when a certain number
 * (some megabytes) has been, it collects. So reads that make no garbage go on without a collection however many
 * they are, while one cell of 16 bytes, the smallest there is, for each read would cause one again and again: a
 * control shows that it does. What reads would keep for good shows in the size of the heap.
 */
import { fullGC, heapSize, releaseWeakRefs } from "bun:jsc";

/** What a number of reads left behind. */
export interface Garbage {
  readonly reads: number;
  /** Collections while they ran, counted once for each hundredth of the reads. */
  readonly collections: number;
  /** Bytes by which the heap is larger, once everything has been collected. */
  readonly kept: number;
}

const SLICES = 100;
/** Run before, so that what the JIT and the inline caches allocate is not taken for the reads'. */
const WARM_UP_SLICES = 20;

/** An object to which nothing refers any more; once it is gone, there was a collection. */
function sentinel(): WeakRef<object> {
  const reference = new WeakRef({});
  // Else it lives until this job is over. The event loop has collections of its own, so that jobs are no slices.
  releaseWeakRefs();
  return reference;
}

/**
 * Runs reads in slices and counts the slices with a collection.
 *
 * @param run Does so many reads in one go.
 * @param reads How many in all.
 */
export function measureGarbage(run: (calls: number) => void, reads: number): Garbage {
  const slice = Math.ceil(reads / SLICES);
  for (let index = 0; index < WARM_UP_SLICES; index++) run(slice);
  const before = fullGC();
  let collections = 0;
  for (let index = 0; index < SLICES; index++) {
    const reference = sentinel();
    run(slice);
    if (reference.deref() === undefined) collections++;
  }
  fullGC();
  return { reads: slice * SLICES, collections, kept: Math.max(0, heapSize() - before) };
}
