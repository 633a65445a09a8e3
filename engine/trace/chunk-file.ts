/**
 * The file of a trace's events. While the recorder compresses, the program stands still: at a tenth of a
 * second for each 10 MB that the program reads, that is much of what recording costs. So once a recording has
 * become large, a thread of its own compresses and appends. Small ones do without: a thread takes longer to
 * start than they take to write.
 */
import { AppendFile } from "./append-file.ts";
import { packChunk } from "./chunk.ts";
import { ChunkProgress } from "./chunk-progress.ts";
import type { WorkerMessage } from "./chunk-worker.ts";
import { BACKGROUND_AFTER_BYTES, BACKLOG_BYTES } from "./limits.ts";
import { TraceError } from "./trace-error.ts";

/** A new file that chunks are appended to, in order. */
export class ChunkFile {
  readonly #file: AppendFile;
  readonly #progress = new ChunkProgress();
  #worker: Worker | undefined;
  #inBackground = false;
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

  /**
   * Appends a chunk, or has it appended soon. Blocks while too much is on its way to the disk.
   *
   * @param raw The encoded events; the caller may reuse the buffer.
   * @throws {TraceError} If this chunk, or one on its way, cannot be written. The file then ends with the chunk
   * before that one. Once in the background, every later call throws the same error.
   */
  append(events: number, raw: Uint8Array): void {
    if (this.#handOver()) {
      this.#progress.waitForPending(Math.max(0, BACKLOG_BYTES - raw.length));
      this.#check();
      const copy = new Uint8Array(raw);
      this.#progress.add(copy.length);
      this.#post({ kind: "chunk", index: this.#chunks, events, raw: copy }, [copy.buffer]);
    } else {
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
    this.#progress.waitForPending(0);
    this.#check();
  }

  /** Closes the file, after what is on its way. Call {@link finish} before, to know whether that went well. */
  close(): void {
    this.#progress.waitForPending(0);
    this.#worker?.terminate();
    this.#file.close();
  }

  /**
   * Starts the thread when it is worth it, and hands over to it when it runs, so that nobody waits for its start.
   *
   * @returns {@link inBackground}
   */
  #handOver(): boolean {
    if (this.#inBackground) return true;
    if (this.#worker === undefined) {
      if (this.#rawBytes < BACKGROUND_AFTER_BYTES) return false;
      const { path, fd } = this.#file;
      this.#worker = new Worker(new URL("./chunk-worker.ts", import.meta.url), { ref: false });
      this.#post({ kind: "start", progress: this.#progress.memory, path, fd });
    }
    this.#inBackground = this.#progress.ready;
    return this.#inBackground;
  }

  #post(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #check(): void {
    const { failure } = this.#progress;
    if (failure !== undefined) throw new TraceError(failure);
  }
}
