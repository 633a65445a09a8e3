/**
 * How far the thread that writes chunks is, in memory that it shares with the recorder. The recorder never
 * returns to its event loop, so messages from the thread would not be seen: it looks here, and sleeps here.
 */
import type { TraceErrorParts } from "./trace-error.ts";

/** Index of the word that is 1 once the thread takes chunks. */
const READY = 0;

/** Index of the count of raw bytes that were handed over and are not on disk yet. */
const PENDING = 1;

/** Index of the length of the text that says what failed; 0 while nothing has. */
const FAILURE = 2;

/** Bytes of these words; the text follows. */
const WORDS_BYTES = 12;

/** Bytes for the text: JSON of a path, which may be 4 KiB and each byte of it `\u....`, and of some sentences. */
const TEXT_BYTES = 64 * 1024;

/** Both sides make one of these over the same memory. */
export class ChunkProgress {
  /** What to hand to the other side. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #text: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS_BYTES + TEXT_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS_BYTES / 4);
    this.#text = new Uint8Array(memory, WORDS_BYTES, TEXT_BYTES);
  }

  /** Whether the thread takes chunks. */
  get ready(): boolean {
    return Atomics.load(this.#words, READY) !== 0;
  }

  /** Thread: says that it takes chunks. */
  setReady(): void {
    Atomics.store(this.#words, READY, 1);
  }

  /** Recorder: counts a chunk that it hands over. */
  add(bytes: number): void {
    Atomics.add(this.#words, PENDING, bytes);
  }

  /** Thread: counts a chunk that it is done with, for good or ill. */
  done(bytes: number): void {
    Atomics.sub(this.#words, PENDING, bytes);
    Atomics.notify(this.#words, PENDING);
  }

  /** Recorder: sleeps until no more than `bytes` are pending. */
  waitForPending(bytes: number): void {
    for (;;) {
      const pending = Atomics.load(this.#words, PENDING);
      if (pending <= bytes) return;
      Atomics.wait(this.#words, PENDING, pending);
    }
  }

  /** What went wrong in the thread, if anything has. */
  get failure(): TraceErrorParts | undefined {
    const length = Atomics.load(this.#words, FAILURE);
    return length === 0 ? undefined : JSON.parse(Buffer.from(this.#text.slice(0, length)).toString());
  }

  /** Thread: says what went wrong; to be called before `done` of the chunk that it went wrong with. */
  setFailure(parts: TraceErrorParts): void {
    const text = Buffer.from(JSON.stringify(parts));
    this.#text.set(text);
    Atomics.store(this.#words, FAILURE, text.length);
  }
}
