/** Looks events of a trace up without replaying them: back from an event, or on from the start. */
import { SYSCALLS } from "../../ffi/mod.ts";
import { eventCount, type TraceEvent, type TraceMeta, TraceReader } from "../trace/mod.ts";

/** How many events are read at a time on the way back. */
const WINDOW = 256;

/** An event and its index. */
export interface Indexed<E extends TraceEvent = TraceEvent> {
  index: number;
  event: E;
}

/** A handler of a signal, while it runs: on the way to the events behind `from` up to `to`. */
export interface HandlerRun {
  task: number;
  signal: number;
  /** The event by which it begins. */
  from: number;
  /** The event by which it ends; infinite if it does not. */
  to: number;
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

  /** Whether the recording has, or has had, a task by that id. */
  isTask(id: number): boolean {
    this.#processes ??= this.#readProcesses();
    return this.#processes.has(id);
  }

  /** The process that has made a process; undefined of the first one. */
  parentOf(process: number): number | undefined {
    this.#processes ??= this.#readProcesses();
    return this.#parents.get(process);
  }

  #processes: Map<number, number> | undefined;
  readonly #parents = new Map<number, number>();

  #readProcesses(): Map<number, number> {
    const processes = new Map<number, number>();
    this.first((event, index) => {
      if (index === 0) processes.set(event.task, event.task);
      if (event.kind !== "clone") return false;
      processes.set(event.child, event.childProcess);
      if (event.child === event.childProcess)
        this.#parents.set(event.child, processes.get(event.task) ?? event.task);
      return false;
    });
    return processes;
  }

  /** What the recorder has noted of the recording. */
  get meta(): TraceMeta {
    return this.#reader.meta;
  }

  /** The handlers of signals that have run, in the order in which they began. */
  handlerRuns(): HandlerRun[] {
    const runs: HandlerRun[] = [];
    const open = new Map<number, HandlerRun[]>();
    this.first((event, index) => {
      const { kind, task } = event;
      if (kind === "signal" && event.disposition === "handler") {
        const run = { task, signal: event.signal, from: index, to: Number.POSITIVE_INFINITY };
        runs.push(run);
        open.set(task, [...(open.get(task) ?? []), run]);
      }
      if (kind !== "syscall" || event.number !== SYSCALLS.rt_sigreturn) return false;
      const last = open.get(task)?.pop();
      if (last) last.to = index;
      return false;
    });
    return runs;
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
