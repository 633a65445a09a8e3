/** Reads a whole trace and checks what it says of itself: every checksum, every event, and that they fit together. */
import { closeSync } from "node:fs";
import type { TraceEvent } from "./events.ts";
import { checkFileSums } from "./file-sums.ts";
import { TraceReader } from "./reader.ts";
import { TraceError } from "./trace-error.ts";

/** What was found in a trace without damage. */
export interface Verified {
  events: number;
  /** Mapped files, whose contents are there in the right length. */
  files: number;
  /** Checksums of memory among the events. */
  checksums: number;
  /** Files whose contents were compared with a checksum; undefined if the trace has none (`record --checksum`). */
  summedFiles: number | undefined;
  /** Why the trace has no end; undefined if it has one. */
  incomplete: string | undefined;
}

/** Follows the tasks of a trace: who lives, and how far each has come. */
class Structure {
  readonly #ticks = new Map<number, number>();
  #begun = false;
  checksums = 0;

  /** @returns What is wrong with an event, or undefined. */
  add(event: TraceEvent): string | undefined {
    const { kind, task, ticks } = event;
    if (kind === "end") return undefined;
    if (kind === "checksum") this.checksums++;
    if (!this.#begun) {
      if (kind !== "exec") return `it begins with an event of kind ${kind}, and not with a program`;
      this.#begun = true;
      this.#ticks.set(task, ticks);
      return undefined;
    }
    const before = this.#ticks.get(task);
    if (before === undefined) return `task ${task} is not alive`;
    if (ticks < before) return `task ${task} has ${ticks} ticks, and had ${before} before`;
    this.#ticks.set(task, ticks);
    if (kind === "exit") this.#ticks.delete(task);
    if (kind === "clone") {
      if (this.#ticks.has(event.child)) return `task ${event.child} is made, and alive already`;
      this.#ticks.set(event.child, 0);
    }
    return undefined;
  }
}

/**
 * Checks a trace without replaying it.
 *
 * @param dir Folder of the trace.
 * @throws {TraceError} For the first damage that is found.
 */
export function verifyTrace(dir: string): Verified {
  const reader = TraceReader.open(dir);
  try {
    for (const index of reader.files.keys()) closeSync(reader.openFile(index));
    const summedFiles = checkFileSums(dir);
    const structure = new Structure();
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      const what = structure.add(event);
      if (what === undefined) continue;
      throw new TraceError({
        what: `The events of the trace do not fit together: ${what}`,
        where: `event ${reader.position} (${event.kind})`,
        mend: "restore it from a copy or record again",
      });
    }
    return {
      events: reader.position + 1,
      files: reader.files.length,
      checksums: structure.checksums,
      summedFiles,
      incomplete: reader.incomplete,
    };
  } finally {
    reader.close();
  }
}
