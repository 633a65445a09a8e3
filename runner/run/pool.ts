/** Runs tasks side by side, at most so many at a time, in the order given. */

/**
 * Runs tasks to the last one.
 *
 * @param tasks Each starts its work when called.
 * @param jobs How many may run at a time.
 * @param abort No further task is begun once this is aborted.
 */
export async function runPool(
  tasks: readonly (() => Promise<void>)[],
  jobs: number,
  abort: AbortSignal,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (!abort.aborted) {
      const task = tasks[next++];
      if (task === undefined) return;
      await task();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, worker));
}
