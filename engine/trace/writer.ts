/** Writes a trace while a program runs, such that a killed recorder leaves a readable beginning of it. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Clock, steadyClock } from "../clock.ts";
import { reasonOf } from "../errno-exception.ts";
import { AppendFile } from "./append-file.ts";
import { ChunkFile } from "./chunk-file.ts";
import { EventEncoder, sizeBound } from "./encode.ts";
import type { TraceEvent } from "./events.ts";
import { formatChangeLine, formatFileLine } from "./file-list.ts";
import { defaultStore, identify, identityKey, isSettled, storeFile } from "./file-store.ts";
import { writeFileSums } from "./file-sums.ts";
import { eventsPath, fileListPath, storedName } from "./layout.ts";
import {
  CUT_BYTES,
  CUT_MILLISECONDS,
  MAX_CHUNK_BYTES,
  MAX_FILES,
  MAX_MAPPINGS,
  MAX_WRITES,
} from "./limits.ts";
import { type TraceMeta, writeMeta } from "./meta.ts";
import { errorCode, TraceError } from "./trace-error.ts";

/** How a {@link TraceWriter} works; all of it is optional. */
export interface TraceWriterOptions {
  /** Whether checksums of all files of the trace are written when it is closed. @default false */
  keepsSums?: boolean;
  /**
   * Folder that keeps contents of mapped files for all traces.
   *
   * @default `tickproof/files` in the user's cache folder
   */
  store?: string;
  /**
   * Room for events on disk. The trace breaks off at the first chunk that finds no room, as if the recorder had been
   * killed there: it reads and replays up to that place.
   *
   * @default no bound
   */
  maxBytes?: number;
  /** @default steadyClock */
  now?: Clock;
}

/** Where a mapped file is, for {@link TraceWriter.addFile}. */
export interface FileSource {
  /** Path that the recorder can read it by. */
  path: string;
  /** Path as the program sees it. */
  name: string;
  /**
   * Whether its contents may change without its times telling, as with a file that is mapped shared and
   * writable: the kernel stamps the first store to a page and not those after it. It is then copied anew
   * at each call.
   *
   * @default false
   */
  volatile?: boolean;
}

/**
 * Appends events to a new trace.
 *
 * Events are encoded at once and gathered in memory; a chunk of them goes to disk with `flush`, or with
 * `maybeFlush` when it is time (see `ChunkFile` for how). After `close` the writer is used up.
 *
 * @example
 * ```ts
 * const writer = TraceWriter.create("run", meta);
 * writer.write(event);
 * writer.maybeFlush();
 * writer.close();
 * ```
 */
export class TraceWriter {
  readonly #dir: string;
  #meta: TraceMeta;
  /** The first folder on the way to the trace that was not there before. */
  readonly #made: string | undefined;
  readonly #store: string;
  readonly #now: Clock;
  readonly #encoder = new EventEncoder();
  readonly #fileIndex = new Map<string, number>();
  readonly #changing = new Set<number>();
  readonly #events: ChunkFile;
  readonly #fileList: AppendFile;
  #files = 0;
  #flushedEvents = 0;
  #lastCut: number;
  #open = true;
  readonly #maxBytes: number;
  readonly #keepsSums: boolean;
  #isFull = false;

  private constructor(
    dir: string,
    meta: TraceMeta,
    made: string | undefined,
    { store = defaultStore(), now = steadyClock, maxBytes = Infinity, keepsSums = false }: TraceWriterOptions,
  ) {
    this.#keepsSums = keepsSums;
    this.#maxBytes = maxBytes;
    this.#dir = dir;
    this.#meta = meta;
    this.#made = made;
    this.#store = store;
    this.#now = now;
    this.#lastCut = now();
    this.#events = new ChunkFile(eventsPath(dir));
    this.#fileList = new AppendFile(fileListPath(dir));
  }

  /** Says of the recording what was not known when it began. */
  describe(more: Partial<TraceMeta>): void {
    this.#meta = { ...this.#meta, ...more };
    writeMeta(this.#dir, this.#meta);
  }

  /**
   * Starts a trace in a new or empty folder; parents are made.
   *
   * @throws {TraceError} If the folder has something in it already or cannot be written.
   */
  static create(dir: string, meta: TraceMeta, options: TraceWriterOptions = {}): TraceWriter {
    let made: string | undefined;
    let isOurs = false;
    try {
      made = makePrivate(resolve(dir));
      if (readdirSync(dir).length > 0) {
        throw new TraceError({
          what: "Cannot start a trace in a folder that is not empty",
          where: dir,
          mend: "remove it or choose another one",
        });
      }
      // Of two recorders that found the folder empty, one gets here.
      mkdirSync(join(dir, "files"));
      isOurs = true;
      const writer = new TraceWriter(dir, meta, made, options);
      // Last: a folder with a meta.json has all the rest.
      writeMeta(dir, meta);
      return writer;
    } catch (error) {
      if (isOurs) takeBack(dir, made);
      if (error instanceof TraceError) throw error;
      const code = errorCode(error);
      throw new TraceError({
        what: `Cannot start a trace: ${reasonOf(error)}`,
        where: dir,
        mend:
          code === "EEXIST" || code === "ENOTDIR"
            ? "choose a path that is no file, and where no other recording has begun"
            : "choose a folder that can be written",
        cause: error,
      });
    }
  }

  /** Events written so far, with those that are still in memory. */
  get eventCount(): number {
    return this.#flushedEvents + this.#encoder.count;
  }

  /** Whether events had to be left out for lack of room: the trace has no end. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Bytes of encoded events that are in no chunk yet. */
  get pendingBytes(): number {
    return this.#encoder.length;
  }

  /**
   * Stores the contents of a mapped file, once per identity, and lists it.
   *
   * @returns Its index, for {@link MappingRecord.file}.
   * @throws {TraceError} If it cannot be read or stored.
   */
  addFile(source: FileSource): number {
    const { path, name, volatile = false } = source;
    // The events that would name it are not kept either.
    if (this.#isFull) return this.#files;
    const known = volatile ? undefined : this.#fileIndex.get(identityKey(identify(path)));
    if (known !== undefined) return known;
    const index = this.#files;
    if (index >= MAX_FILES) throw tooMany("mapped files", index + 1, MAX_FILES, this.#dir);
    const identity = storeFile(path, join(this.#dir, storedName(index)), volatile ? undefined : this.#store);
    this.#fileList.append(Buffer.from(formatFileLine(index, { path: name, ...identity })));
    this.#files++;
    if (!volatile && isSettled(identity)) this.#fileIndex.set(identityKey(identity), index);
    return index;
  }

  /**
   * Notes that a listed file changes while it is mapped. To be called before the first event of such a change.
   *
   * @param index Of the file, as {@link addFile} gave it.
   */
  fileChanges(index: number): void {
    if (this.#isFull || this.#changing.has(index)) return;
    this.#changing.add(index);
    this.#fileList.append(Buffer.from(formatChangeLine(index)));
  }

  /**
   * Encodes an event. Nothing of it is kept: its objects and buffers may be reused.
   *
   * @throws {RangeError} If a value does not fit the format; the event is then left out.
   * @throws {TraceError} If the event is larger than a chunk can be.
   */
  write(event: TraceEvent): void {
    const bound = sizeBound(event);
    if (bound > MAX_CHUNK_BYTES) {
      throw new TraceError({
        what: `Cannot write a ${event.kind} event of ${bound} bytes as a chunk holds ${MAX_CHUNK_BYTES}`,
        where: this.#dir,
        mend: "let the program read or write less memory in one system call",
      });
    }
    refuseTooMany(event, this.#dir);
    if (this.#encoder.length + bound > MAX_CHUNK_BYTES) this.flush();
    try {
      this.#encoder.encode(event);
    } catch (error) {
      // The encoder's registers may belong to the event that was left out; a new chunk starts from zeros.
      this.flush();
      throw error;
    }
  }

  /** Cuts a chunk if enough is pending or the last one is long ago. Cheap: call it at every event. */
  maybeFlush(): void {
    if (this.#encoder.count === 0) return;
    if (this.#encoder.length >= CUT_BYTES || this.#now() - this.#lastCut > CUT_MILLISECONDS) this.flush();
  }

  /**
   * Cuts a chunk now, if anything is pending. In a large recording it is on disk soon, in a small one at once.
   *
   * @throws {TraceError} If it, or one before it, cannot be written; the trace then still ends with a whole chunk.
   */
  flush(): void {
    this.#lastCut = this.#now();
    const { count, bytes } = this.#encoder;
    if (count > 0) {
      // Chunks that wait for the thread are not in the file yet: the bound is exceeded by some of those at most.
      this.#isFull ||= this.#maxBytes !== Infinity && this.#events.size >= this.#maxBytes;
      if (!this.#isFull) this.#events.append(count, bytes);
      this.#flushedEvents += count;
    }
    this.#encoder.clear();
  }

  /**
   * Closes the trace when all of it is on disk. The `end` event is the caller's to write before.
   *
   * @throws {TraceError} If not all of it could be written; the trace is closed nevertheless.
   */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.flush();
      this.#events.finish();
      if (!this.#fileList.isInPlace) {
        throw new TraceError({
          what: "The trace is gone: its folder was removed or moved while it was written",
          where: this.#dir,
          mend: "record again, and leave the folder where it is until the recording ends",
        });
      }
    } finally {
      this.#events.close();
      this.#fileList.close();
    }
    if (this.#keepsSums) writeFileSums(this.#dir);
  }

  /** Takes back what {@link create} has made: a recording that has not begun leaves no trace. The writer is used up. */
  abandon(): void {
    this.#open = false;
    this.#events.close();
    this.#fileList.close();
    takeBack(this.#dir, this.#made);
  }
}

/**
 * Empties the folder of a trace, and removes it.
 *
 * @param made The first folder on the way to it that was not there before; undefined if it was there itself.
 */
function takeBack(trace: string, made: string | undefined): void {
  for (const name of readdirSync(trace)) rmSync(join(trace, name), { recursive: true });
  // Up to the folder that was there before, as far as nobody else has put something in meanwhile.
  for (let dir = resolve(trace); made !== undefined && dir.startsWith(made); dir = dirname(dir)) {
    if (readdirSync(dir).length > 0) break;
    rmdirSync(dir);
  }
}

/** @throws {TraceError} For an event with more parts than a reader accepts. */
function refuseTooMany(event: TraceEvent, dir: string): void {
  const writes = "writes" in event ? event.writes.length : 0;
  if (writes > MAX_WRITES) throw tooMany("writes of one event", writes, MAX_WRITES, dir);
  const mappings = event.kind === "exec" ? event.mappings.length : 0;
  if (mappings > MAX_MAPPINGS) throw tooMany("mappings of one program", mappings, MAX_MAPPINGS, dir);
}

function tooMany(what: string, count: number, most: number, dir: string): TraceError {
  return new TraceError({
    what: `Cannot write ${count} ${what} as a trace holds ${most}`,
    where: dir,
    mend: "record a smaller part of the program",
  });
}

/**
 * Makes a folder for this user alone, since a trace holds all that the program had in its memory, and those that it lies in.
 *
 * @returns The first one that was not there, if any.
 */
function makePrivate(path: string): string | undefined {
  const above = mkdirSync(dirname(path), { recursive: true });
  const own = mkdirSync(path, { recursive: true, mode: 0o700 });
  return above ?? own;
}
