/** Where a measurement was made: a figure without its machine means nothing. */
import { cpus, release } from "node:os";

/** Processor, cores, kernel and Bun in one line. */
export function host(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores, Linux ${release()}, Bun ${Bun.version}`;
}
