/** Counts of a recording from `rr dump`, which prints every event of a trace. */

/** The first line of an event: "real_time:1.5 global_time:12, event:`SYSCALL: write' (state:EXITING) tid:7, ticks:99". */
const EVENT = /^\s*real_time:\S+ global_time:\d+, event:`([^:']*).*\btid:(\d+), ticks:(\d+)/;

/** A dump that takes longer is given up: its counts are worth less than the time. */
const PATIENCE_MS = 120_000;

/** Adds the events of a dump up. Ticks are each thread's own in rr: the sum of their last values is the total. */
import type { Counts } from "../../results/mod.ts";
export class DumpReader {
  #events = 0;
  #signals = 0;
  #switches = 0;
  readonly #ticks = new Map<string, number>();

  /** Takes the next line. */
  line(text: string): void {
    const [, kind, tid, ticks] = EVENT.exec(text) ?? [];
    if (kind === undefined || tid === undefined) return;
    this.#events++;
    if (kind === "SIGNAL") this.#signals++;
    if (kind === "SCHED") this.#switches++;
    this.#ticks.set(tid, Number(ticks));
  }

  get counts(): Counts {
    const ticks = this.#ticks.values().reduce((sum, value) => sum + value, 0);
    return { ticks, events: this.#events, signals: this.#signals, switches: this.#switches };
  }
}

/**
 * Counts what is in a trace.
 *
 * @param rr Path of rr.
 * @param trace Folder of the trace.
 * @returns The counts; none where this rr can't dump it.
 */
export async function countTrace(rr: string, trace: string): Promise<Partial<Counts>> {
  const child = Bun.spawn([rr, "dump", trace], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  const reader = new DumpReader();
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) reader.line(line);
  }
  reader.line(rest);
  return (await child.exited) === 0 ? reader.counts : {};
}
