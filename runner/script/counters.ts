/** `t.counters()`: what the kernel counts while a part of a script runs. */
import { Counter, type Reading } from "../../ffi/mod.ts";

/**
 * Counts events of this process while something runs.
 *
 * @param events Names, as `tickproof stat` takes them: "page-faults:u", "context-switches".
 * @param fn What is measured; the runtime's own work is in the counts too.
 * @returns A reading for each event: counted, not counted, or not supported with the reason.
 * @throws EventNameError for a name that is none, SyscallError where the kernel refuses for want of rights.
 */
export async function countWhile(
  events: readonly string[],
  fn: () => void | Promise<void>,
): Promise<Record<string, Reading>> {
  using open = new DisposableStack();
  const counters = events.map((name) => {
    const counter = Counter.tryOpen(name);
    return { name, counter: counter instanceof Counter ? open.use(counter) : counter };
  });
  for (const { counter } of counters) if (counter instanceof Counter) counter.enable();
  try {
    await fn();
  } finally {
    for (const { counter } of counters) if (counter instanceof Counter) counter.disable();
  }
  return Object.fromEntries(
    counters.map(({ name, counter }) => [name, counter instanceof Counter ? counter.reading() : counter]),
  );
}
