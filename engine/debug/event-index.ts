/** Looks events of a trace up without replaying them: back from an event, or on from the start. */
import { eventCount, type TraceEvent, TraceReader } from "../trace/mod.ts";

/** How many events are read at a time on the way back. */
const WINDOW = 256;

/** An event and its index. */
export interface Indexed<E extends TraceEvent = TraceEvent> {
  index: number;
  event: E;
}

/**
 * Events of a trace by number, kind and process; reads the trace by its own reader, so that a replay keeps its place.
 */
export class EventIndex implements Disposable {
  readonly #reader: TraceReader;

  /** @param directory Folder of the trace. */
  constructor(directory: string) {
    this.#reader = TraceReader.open(directory);
  }

  /** The last event before an index for which `isMeant` holds. Calls without a stop are one event, at the first of them. */
  lastBefore(end: number, isMeant: (event: TraceEvent) => boolean): Indexed | undefined {
    for (let to = end; to > 0; to -= WINDOW) {
      this.#reader.seek(Math.max(0, to - WINDOW));
      let found: Indexed | undefined;
      for (let next = this.#next(); next !== undefined && next.index < to; next = this.#next()) {
        if (isMeant(next.event)) found = next;
      }
      if (found) return found;
    }
    return undefined;
  }

  /** The first event for which `isMeant` holds. */
  first(isMeant: (event: TraceEvent, index: number) => boolean): Indexed | undefined {
    this.#reader.seek(0);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (isMeant(next.event, next.index)) return next;
    }
    return undefined;
  }

  #next(): Indexed | undefined {
    const event = this.#reader.next();
    return event && { index: this.#reader.position - eventCount(event) + 1, event };
  }

  /** The process of a task that the recording has had at some time. */
  processOf(task: number): number {
    this.#processes ??= this.#readProcesses();
    return this.#processes.get(task) ?? task;
  }

  #processes: Map<number, number> | undefined;

  #readProcesses(): Map<number, number> {
    const processes = new Map<number, number>();
    this.first((event) => {
      if (event.kind === "clone") processes.set(event.child, event.childProcess);
      return false;
    });
    return processes;
  }

  /** How many events the trace has. */
  get count(): number {
    this.first(() => false);
    return this.#reader.position + 1;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
  }
}

/** Whether a task runs to get to an event. */
export function isRunTo(event: TraceEvent): boolean {
  return !["memory", "file", "checksum", "note", "calls", "end"].includes(event.kind);
}

/** Whether an event puts its task behind an instruction, or somewhere else. */
export function movesTask(event: TraceEvent): boolean {
  switch (event.kind) {
    case "syscall":
    case "instruction":
    case "exec":
    case "registers":
      return true;
    case "signal":
      return event.disposition === "handler";
    default:
      return false;
  }
}
