/**
 * The garbage that reads make. JavaScriptCore does not say how many bytes were allocated, but when a certain number
 * (some megabytes) has been, it collects. So reads that make no garbage go on without a collection however many
 * they are, while one cell of 16 bytes, the smallest there is, for each read would cause one again and again: a
 * control shows that it does. What reads would keep for good shows in the size of the heap.
 */
import { fullGC, heapSize } from "bun:jsc";

/** What a number of reads left behind. */
export interface Garbage {
  readonly reads: number;
  /** Collections while they ran. */
  readonly collections: number;
  /** Bytes by which the heap is larger, once everything has been collected. */
  readonly kept: number;
}

const SLICES = 100;

/** Whether an object that nothing refers to any more is gone: then there was a collection. */
function sentinel(): () => boolean {
  const reference = new WeakRef({});
  return () => reference.deref() === undefined;
}

/** A WeakRef holds on to its target until the job in which it was made or read is over. */
const nextJob = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Runs reads in slices and counts the slices with a collection.
 *
 * @param run Does so many reads in one go; call it with as many before, so that the JIT is done.
 * @param reads How many in all.
 */
export async function measureGarbage(run: (calls: number) => void, reads: number): Promise<Garbage> {
  const slice = Math.ceil(reads / SLICES);
  run(slice);
  const before = fullGC();
  let collections = 0;
  for (let index = 0; index < SLICES; index++) {
    const isGone = sentinel();
    await nextJob();
    run(slice);
    await nextJob();
    if (isGone()) collections++;
  }
  fullGC();
  return { reads: slice * SLICES, collections, kept: Math.max(0, heapSize() - before) };
}
