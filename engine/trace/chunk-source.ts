/** The chunks of an `events` file in order; tells a file that was cut off from one that is damaged. */
import { closeSync, fstatSync, readSync } from "node:fs";
import { reasonOf } from "../errno-exception.ts";
import { MalformedError } from "./byte-reader.ts";
import {
  CHUNK_HEAD_BYTES,
  CHUNK_TAIL_BYTES,
  type ChunkHead,
  parseChunkHead,
  startsLikeChunk,
  unpackChunk,
} from "./chunk.ts";
import { EVENTS_NAME, eventsPath } from "./layout.ts";
import { openPlain } from "./plain-file.ts";
import { TraceError } from "./trace-error.ts";

/** A chunk that was read and checked. */
export interface Chunk extends ChunkHead {
  /** Where it starts in the file. */
  offset: number;
  /** Its encoded events. */
  raw: Uint8Array;
}

/** What {@link ChunkSource.next} found. */
export type ChunkResult =
  | { state: "chunk"; chunk: Chunk }
  /** The file ends right after a chunk. */
  | { state: "end" }
  /** The file ends inside of a chunk, whose writing was broken off. */
  | { state: "cut"; present: number; offset: number };

/** Reads chunk after chunk. */
export class ChunkSource {
  readonly #path: string;
  readonly #dir: string;
  #fd: number;
  #offset = 0;
  #index = 0;
  #open = true;
  /** Offsets of the chunks that were read, and of the one behind them. */
  readonly #starts: number[] = [0];

  /**
   * @param dir Folder of the trace.
   * @throws {TraceError} If the file cannot be opened.
   */
  constructor(dir: string) {
    this.#dir = dir;
    this.#path = eventsPath(dir);
    this.#fd = this.#openFile();
  }

  #openFile(): number {
    try {
      return openPlain(this.#dir, EVENTS_NAME).fd;
    } catch (error) {
      throw new TraceError({
        what: `The events of the trace cannot be read: ${reasonOf(error)}`,
        where: this.#path,
        mend: "restore the file or record again",
        cause: error,
      });
    }
  }

  /** Chunks read so far. */
  get count(): number {
    return this.#index;
  }

  /**
   * Reads the next chunk.
   *
   * @throws {TraceError} If there is something else, or the chunk is damaged.
   */
  next(): ChunkResult {
    const offset = this.#offset;
    const present = fstatSync(this.#fd).size - offset;
    if (present <= 0) return { state: "end" };
    try {
      const headBytes = this.#read(offset, Math.min(present, CHUNK_HEAD_BYTES));
      if (headBytes.length < CHUNK_HEAD_BYTES) {
        if (!startsLikeChunk(headBytes)) throw new MalformedError("no chunk starts here");
        return { state: "cut", present, offset };
      }
      const head = parseChunkHead(headBytes, this.#index);
      const size = CHUNK_HEAD_BYTES + head.payloadBytes + CHUNK_TAIL_BYTES;
      if (size > present) return { state: "cut", present, offset };
      const raw = unpackChunk(this.#read(offset, size), head);
      this.#offset += size;
      this.#index++;
      this.#starts[this.#index] = this.#offset;
      return { state: "chunk", chunk: { ...head, offset, raw } };
    } catch (error) {
      throw this.#damaged(offset, error);
    }
  }

  /** Goes to a chunk, which {@link next} gives then. @param index Of one that was read, or of the one behind them. */
  seek(index: number): void {
    const offset = this.#starts[index];
    if (offset === undefined) throw new RangeError(`Cannot seek as chunk ${index} was not come by`);
    if (!this.#open) {
      this.#fd = this.#openFile();
      this.#open = true;
    }
    this.#index = index;
    this.#offset = offset;
  }

  /** Closes the file. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }

  #read(offset: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const got = readSync(this.#fd, bytes, done, size - done, offset + done);
      if (got === 0) throw new MalformedError("the file became shorter while it was read");
      done += got;
    }
    return bytes;
  }

  #damaged(offset: number, error: unknown): TraceError {
    return new TraceError({
      what: `The trace is damaged: ${reasonOf(error)}`,
      where: `${this.#path}: byte ${offset}`,
      mend: "restore it from a copy or record again",
      cause: error,
    });
  }
}
