/**
 * Runs tasks side by side, as many at a time as their weights allow, in the order given as far as that goes: a task
 * that has to wait for room or for what another one has for itself lets later ones go first.
 */

/** Something to be done. */
export interface PoolTask {
  /** Room that it takes; at least all of it if it must be alone. @default 1 */
  readonly weight?: number;
  /** Names of things of which only one task may have each at a time. @default none */
  readonly exclusive?: readonly string[];
  run(): Promise<void>;
}

/**
 * Runs tasks to the last one.
 *
 * @param tasks What to do.
 * @param room Weight that may run at a time.
 * @param abort No further task is begun once this is aborted.
 * @throws What the first task that failed has thrown, when those that run have ended.
 */
export async function runPool(tasks: readonly PoolTask[], room: number, abort: AbortSignal): Promise<void> {
  const waiting = [...tasks];
  const running = new Set<Promise<void>>();
  const taken = new Set<string>();
  const failures: unknown[] = [];
  let free = room;

  const start = (task: PoolTask): void => {
    const weight = Math.min(task.weight ?? 1, room);
    const names = task.exclusive ?? [];
    free -= weight;
    for (const name of names) taken.add(name);
    const done = task
      .run()
      .catch((error) => failures.push(error))
      .then(() => {
        free += weight;
        for (const name of names) taken.delete(name);
        running.delete(done);
      });
    running.add(done);
  };
  const fits = ({ weight = 1, exclusive = [] }: PoolTask): boolean =>
    Math.min(weight, room) <= free && !exclusive.some((name) => taken.has(name));

  for (;;) {
    while (!abort.aborted && failures.length === 0) {
      const at = waiting.findIndex(fits);
      const [next] = at < 0 ? [] : waiting.splice(at, 1);
      if (next === undefined) break;
      start(next);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 0) throw failures[0];
}
