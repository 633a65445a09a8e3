/**
 * The file of a trace's events. While the recorder compresses, the program stands still: at a tenth of a
 * second for each 10 MB that the program reads, that is much of what recording costs. So once a recording has
 * become large, a thread of its own compresses and appends. Small ones do without: a thread takes longer to
 * start than they take to write. While it starts, chunks wait in a queue; should it never start, they are
 * compressed here.
 */
import { fstatSync } from "node:fs";
import { AppendFile } from "./append-file.ts";
import { packChunk } from "./chunk.ts";
import { ChunkProgress } from "./chunk-progress.ts";
import type { ChunkMessage, WorkerMessage } from "./chunk-worker.ts";
import { BACKGROUND_AFTER_BYTES, BACKLOG_BYTES } from "./limits.ts";
import { TraceError } from "./trace-error.ts";

/** A chunk that waits for the thread: a copy, in a buffer that can be handed over. */
type Queued = Omit<ChunkMessage, "kind">;

/** A new file that chunks are appended to, in order. */
export class ChunkFile {
  readonly #file: AppendFile;
  readonly #progress = new ChunkProgress();
  #worker: Worker | undefined;
  #inBackground = false;
  readonly #queue: Queued[] = [];
  #queuedBytes = 0;
  #chunks = 0;
  #rawBytes = 0;

  /** @param path Where to make it; must not exist. */
  constructor(path: string) {
    this.#file = new AppendFile(path);
  }

  /** Whether chunks are written in the background by now. */
  get inBackground(): boolean {
    return this.#inBackground;
  }

  /** Bytes that are in the file by now. */
  get size(): number {
    return fstatSync(this.#file.fd).size;
  }

  /**
   * Appends a chunk, or has it appended soon. Blocks while too much is on its way to the disk.
   *
   * @param raw The encoded events; the caller may reuse the buffer.
   * @throws {TraceError} If this chunk, or one on its way, cannot be written. The file then ends with the chunk
   * before that one. Once in the background, every later call throws the same error.
   */
  append(events: number, raw: Uint8Array): void {
    this.#startWorker();
    if (this.#handOver()) {
      this.#post({ index: this.#chunks, events, raw: new Uint8Array(raw) });
    } else if (this.#worker !== undefined && this.#queuedBytes + raw.length <= BACKLOG_BYTES) {
      this.#queue.push({ index: this.#chunks, events, raw: new Uint8Array(raw) });
      this.#queuedBytes += raw.length;
    } else {
      this.#writeQueue();
      this.#file.append(packChunk(this.#chunks, events, raw));
    }
    this.#chunks++;
    this.#rawBytes += raw.length;
  }

  /**
   * Waits until all chunks are in the file.
   *
   * @throws {TraceError} If one could not be written.
   */
  finish(): void {
    if (!this.#handOver()) this.#writeQueue();
    this.#progress.waitForPending(0);
    this.#check();
  }

  /**
   * Closes the file, after what is on its way. Call {@link finish} before, to know whether that went well.
   *
   * @throws {TraceError} If what has waited for the thread cannot be written; the file is closed nevertheless.
   */
  close(): void {
    try {
      if (!this.#handOver()) this.#writeQueue();
      this.#progress.waitForPending(0);
    } finally {
      this.#worker?.terminate();
      this.#file.close();
    }
  }

  /** Starts the thread once it is worth it. */
  #startWorker(): void {
    if (this.#worker !== undefined || this.#rawBytes < BACKGROUND_AFTER_BYTES) return;
    const { path, fd } = this.#file;
    this.#worker = new Worker(new URL("./chunk-worker.ts", import.meta.url), { ref: false });
    const message: WorkerMessage = { kind: "start", progress: this.#progress.memory, path, fd };
    this.#worker.postMessage(message);
  }

  /**
   * Hands over to the thread when it runs.
   *
   * @returns {@link inBackground}
   */
  #handOver(): boolean {
    if (this.#inBackground || !this.#progress.ready) return this.#inBackground;
    this.#inBackground = true;
    this.#emptyQueue((queued) => this.#post(queued));
    return true;
  }

  /** Writes here what has waited for the thread. */
  #writeQueue(): void {
    this.#emptyQueue(({ index, events, raw }) => this.#file.append(packChunk(index, events, raw)));
  }

  /** Passes all of the queue on; what `pass` fails with stays at its head. */
  #emptyQueue(pass: (queued: Queued) => void): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { length } = first.raw;
      pass(first);
      this.#queue.shift();
      this.#queuedBytes -= length;
    }
  }

  #post({ index, events, raw }: Queued): void {
    this.#progress.waitForPending(Math.max(0, BACKLOG_BYTES - raw.length));
    this.#check();
    this.#progress.add(raw.length);
    const message: WorkerMessage = { kind: "chunk", index, events, raw };
    this.#worker?.postMessage(message, [raw.buffer]);
  }

  #check(): void {
    const { failure } = this.#progress;
    if (failure !== undefined) throw new TraceError(failure);
  }
}
