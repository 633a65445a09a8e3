/** Reads a trace back, event by event. A trace may come from anyone: nothing in it is taken on trust. */
import { closeSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../errno-exception.ts";
import { eventCount, singleEvents } from "./call-records.ts";
import { type Chunk, ChunkSource } from "./chunk-source.ts";
import { EventDecoder } from "./decode.ts";
import type { SingleEvent, TraceEvent } from "./events.ts";
import { readFileList, type TraceFile } from "./file-list.ts";
import { eventsPath, storedName } from "./layout.ts";
import { readMeta, type TraceMeta } from "./meta.ts";
import { openPlain } from "./plain-file.ts";
import { errorCode, TraceError } from "./trace-error.ts";

/** The chunk that is being decoded. */
interface Current {
  chunk: Chunk;
  decoder: EventDecoder;
  /** Events of it that are not decoded yet. */
  left: number;
}

/**
 * Reads the events of a trace in order.
 *
 * @example
 * ```ts
 * const reader = TraceReader.open("run");
 * for (let event = reader.next(); event !== undefined; event = reader.next()) console.log(event.kind);
 * if (reader.incomplete !== undefined) console.log(reader.incomplete);
 * ```
 */
export class TraceReader {
  /** Description of the recording. */
  readonly meta: TraceMeta;
  /** The mapped files, by the index that mappings have. */
  readonly files: readonly TraceFile[];
  readonly #dir: string;
  readonly #chunks: ChunkSource;
  #current: Current | undefined;
  #ahead: TraceEvent | undefined;
  #decoded = 0;
  /** Index of the first event of each chunk that was come by: what its head counts are not single calls. */
  readonly #starts: number[] = [];
  #position = -1;
  #ended = false;
  #incomplete: string | undefined;
  #failure: unknown;

  private constructor(dir: string) {
    this.#dir = dir;
    this.meta = readMeta(dir);
    this.files = readFileList(dir);
    this.#chunks = new ChunkSource(dir);
  }

  /**
   * Opens the trace in a folder.
   *
   * @throws {TraceError} If there is none, or it is damaged or too new.
   */
  static open(dir: string): TraceReader {
    return new TraceReader(dir);
  }

  /** Index of the event that `next` returned last, or of the last call of a `calls` event; -1 before the first one. */
  get position(): number {
    return this.#position;
  }

  /** Why the trace has no end: the recorder was killed. Known once `next` or `peek` has returned undefined. */
  get incomplete(): string | undefined {
    return this.#incomplete;
  }

  /**
   * Takes the next event; undefined at the end of the trace.
   *
   * @throws {TraceError} If the trace is damaged here.
   */
  next(): TraceEvent | undefined {
    const event = this.peek();
    if (event === undefined) return undefined;
    this.#ahead = undefined;
    this.#position += eventCount(event);
    return event;
  }

  /** What is left of the trace with its index, the calls of `calls` events one by one. Throws as {@link next} does. */
  *singles(): Iterable<[index: number, event: SingleEvent]> {
    for (let event = this.next(); event !== undefined; event = this.next()) {
      yield* singleEvents(event, this.#position);
    }
  }

  /** The event that `next` will return, which is left where it is. Throws as `next` does. */
  peek(): TraceEvent | undefined {
    // After damage the position is anywhere: whatever is decoded from there on would be made up.
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#ahead ??= this.#decode();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    return this.#ahead;
  }

  /**
   * Goes to an event, forward or back: `next` returns it then.
   *
   * @param event Its index; the number of events to stand behind the last one.
   * @throws {RangeError} If the trace has not so many events.
   * @throws {TraceError} If the trace is damaged on the way.
   */
  seek(event: number): void {
    const chunk = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= event),
    );
    const first = this.#starts[chunk] ?? 0;
    this.#chunks.seek(chunk);
    this.#current = undefined;
    this.#ahead = undefined;
    this.#ended = false;
    this.#incomplete = undefined;
    this.#failure = undefined;
    this.#decoded = first;
    this.#position = first - 1;
    while (this.#position + 1 < event) {
      if (this.next() !== undefined) continue;
      const count = this.#position + 1;
      throw new RangeError(`Cannot seek as the trace has ${count} events: current value is ${event}`);
    }
  }

  /**
   * Where the contents of a mapped file are, for those who show them. A replay takes them by {@link openFile}.
   *
   * @param index Index in {@link files}.
   * @throws {RangeError} If there is no such file in the list.
   * @throws {TraceError} If its contents are missing or have another size than recorded.
   */
  filePath(index: number): string {
    closeSync(this.openFile(index));
    return join(this.#dir, storedName(index));
  }

  /**
   * Opens the contents of a mapped file for reading.
   *
   * @param index Index in {@link files}.
   * @returns Descriptor, which the caller closes.
   * @throws {RangeError} If there is no such file in the list.
   * @throws {TraceError} If they are missing, are no regular file, or have another size than recorded.
   */
  openFile(index: number): number {
    const file = this.files[index];
    if (file === undefined) {
      throw new RangeError(
        `Cannot find a file as the index must be below ${this.files.length}: current value is ${index}`,
      );
    }
    const name = storedName(index);
    const wrong = (what: string, cause?: unknown) =>
      new TraceError({
        what: `The stored contents of ${file.path} ${what}`,
        where: join(this.#dir, name),
        mend: "restore the file from a copy of the trace or record again",
        cause,
      });
    let opened: { fd: number; size: number };
    try {
      opened = openPlain(this.#dir, name);
    } catch (error) {
      const isMissing = errorCode(error) === "ENOENT";
      throw wrong(isMissing ? "are missing" : `cannot be used: ${reasonOf(error)}`, error);
    }
    if (opened.size === file.size) return opened.fd;
    closeSync(opened.fd);
    throw wrong(`are ${opened.size} bytes instead of ${file.size}`);
  }

  /** Closes the trace; it is not read any further. */
  close(): void {
    this.#chunks.close();
  }

  #decode(): TraceEvent | undefined {
    if (this.#ended || this.#incomplete !== undefined) return undefined;
    if (this.#current === undefined || this.#current.left === 0) this.#current = this.#load();
    if (this.#current === undefined) return undefined;
    const { chunk, decoder } = this.#current;
    const at = decoder.position;
    try {
      const event = decoder.next();
      this.#current.left--;
      this.#decoded += eventCount(event);
      this.#ended = event.kind === "end";
      if (this.#current.left === 0 && decoder.remaining > 0) {
        throw new Error(`${decoder.remaining} bytes follow its last event`);
      }
      if (this.#ended) this.#checkEnd(this.#current);
      return event;
    } catch (error) {
      if (error instanceof TraceError) throw error;
      throw new TraceError({
        what: `The trace is damaged: ${reasonOf(error)}`,
        where: `${eventsPath(this.#dir)}: byte ${chunk.offset}, chunk ${chunk.index}, byte ${at} of its events`,
        mend: "restore it from a copy or record again",
        cause: error,
      });
    }
  }

  #load(): Current | undefined {
    const result = this.#chunks.next();
    if (result.state === "chunk") {
      const { chunk } = result;
      this.#starts[chunk.index] ??= this.#decoded;
      return { chunk, decoder: new EventDecoder(chunk.raw, this.files.length), left: chunk.events };
    }
    const whole =
      this.#decoded === 0
        ? "ends before its first event"
        : `ends after chunk ${this.#chunks.count - 1}, event ${this.#decoded - 1}`;
    const cut =
      result.state === "cut"
        ? ` (${result.present} bytes of another chunk follow at byte ${result.offset})`
        : "";
    this.#incomplete = `The trace ${whole}${cut}: the recorder was killed, or had no more room`;
    return undefined;
  }

  #checkEnd({ left }: Current): void {
    const more = left > 0 || this.#chunks.next().state !== "end";
    if (more) throw new Error("events follow the end event");
    this.#chunks.close();
  }
}
