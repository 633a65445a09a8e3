/**
 * The kernel's log while tests run. What it says of counters explains results that nothing else explains, so each
 * such line goes to the tests that ran when it came.
 */

/** Lines about perf and KVM's PMU. Sources: kernel/events/core.c, arch/x86/kernel/nmi.c, arch/x86/kvm/pmu.c. */
const ABOUT_COUNTERS: readonly RegExp[] = [
  /perf:? interrupt took too long/,
  /perf_event_max_sample_rate/,
  /NMI handler .*took too long/,
  /NMI received for unknown reason/,
  /perfevents?: (irq loop stuck|.*unhandled)/i,
  /kvm_pmu|kvm.*\bpmu\b|vcpu.*perfctr/i,
];

/** Gives all lines that the log still has, oldest first; undefined where it can't be read. */
export type LogSource = () => readonly string[] | undefined;

/** Something that runs for a while and is told of lines that come meanwhile. */
export interface LogReader {
  readonly lines: string[];
}

/** Follows the log. Lines are asked for when a reader comes or goes: who is there then was there when they came. */
export class LogWatch {
  readonly #source: LogSource;
  readonly #readers = new Set<LogReader>();
  #seen: readonly string[];
  /** Whether the log can be read at all. */
  readonly readable: boolean;

  constructor(source: LogSource) {
    this.#source = source;
    const lines = source();
    this.readable = lines !== undefined;
    this.#seen = lines ?? [];
  }

  /** Begins to collect the lines that come. */
  enter(): LogReader {
    this.#collect();
    const reader: LogReader = { lines: [] };
    this.#readers.add(reader);
    return reader;
  }

  /** Ends it: the reader has all lines now. */
  leave(reader: LogReader): void {
    this.#collect();
    this.#readers.delete(reader);
  }

  #collect(): void {
    if (!this.readable) return;
    const lines = this.#source() ?? [];
    const told = newLines(this.#seen, lines).filter((line) =>
      ABOUT_COUNTERS.some((pattern) => pattern.test(line)),
    );
    this.#seen = lines;
    for (const reader of this.#readers) reader.lines.push(...told);
  }
}

/** Lines that were not there before. The log is a ring: its oldest lines may have gone. */
function newLines(before: readonly string[], now: readonly string[]): readonly string[] {
  const last = before.at(-1);
  if (last === undefined) return now;
  if (now[before.length - 1] === last) return now.slice(before.length);
  return now.slice(now.lastIndexOf(last) + 1);
}
