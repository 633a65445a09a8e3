/**
 * The thread that compresses and appends chunks while the recorder goes on; `chunk-file.ts` starts it. It
 * starts no process, as the recorder's wait4 would reap that one.
 */

import { reasonOf } from "../errno-exception.ts";
import { AppendFile } from "./append-file.ts";
import { packChunk } from "./chunk.ts";
import { ChunkProgress } from "./chunk-progress.ts";
import { TraceError, type TraceErrorParts } from "./trace-error.ts";

/** First message: what the thread needs. It answers by `setReady`. */
export interface StartMessage {
  kind: "start";
  progress: SharedArrayBuffer;
  path: string;
  /** The file's descriptor, for the thread alone from the first chunk on; the recorder closes it. */
  fd: number;
}

/** All further messages: events to be compressed and appended. */
export interface ChunkMessage {
  kind: "chunk";
  index: number;
  events: number;
  /** Their bytes; the buffer is to be transferred. */
  raw: Uint8Array<ArrayBuffer>;
}

/** What the thread understands. */
export type WorkerMessage = StartMessage | ChunkMessage;

declare const self: Worker;

let writer: ChunkWriter | undefined;

self.onmessage = ({ data }: MessageEvent<WorkerMessage>): void => {
  if (data.kind === "start") writer = new ChunkWriter(data);
  else writer?.append(data);
};

/** What the thread does. No method throws: the recorder would wait for ever. */
class ChunkWriter {
  readonly #start: StartMessage;
  readonly #progress: ChunkProgress;
  #file: AppendFile | undefined;

  constructor(start: StartMessage) {
    this.#start = start;
    this.#progress = new ChunkProgress(start.progress);
    this.#progress.setReady();
  }

  append({ index, events, raw }: ChunkMessage): void {
    const size = raw.length;
    try {
      // After a failure nothing more is written: it would follow a hole.
      if (this.#progress.failure === undefined) this.#open().append(packChunk(index, events, raw));
    } catch (error) {
      this.#progress.setFailure(partsOf(error, this.#start.path));
    } finally {
      // Frees the memory now: garbage collection is in no hurry, and the backlog would grow.
      raw.buffer.transfer(0);
      this.#progress.done(size);
    }
  }

  /** The file; not before the first chunk, since the recorder appends to it until then. */
  #open(): AppendFile {
    this.#file ??= new AppendFile(this.#start.path, this.#start.fd);
    return this.#file;
  }
}

function partsOf(error: unknown, where: string): TraceErrorParts {
  if (error instanceof TraceError) return { what: error.what, where: error.where, mend: error.mend };
  return {
    what: `Cannot make a chunk: ${reasonOf(error)}`,
    where,
    mend: "record again with more memory free",
  };
}
