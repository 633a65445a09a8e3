/** The end of a program's output, in bounded memory: where test runners say what failed. */

/** Bytes that are kept at least, where there are so many: a summary of some thousand failed tests. */
const KEPT_BYTES = 512 * 1024;

/** Takes output piece by piece. */
export class OutputTail {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** @param bytes Good until the call returns. */
  add(bytes: Uint8Array): void {
    this.#pieces.push(new Uint8Array(bytes));
    this.#length += bytes.length;
    if (this.#length < 2 * KEPT_BYTES) return;
    const kept = this.bytes();
    this.#pieces = [kept];
    this.#length = kept.length;
  }

  /** The last bytes, in order. */
  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#pieces)).slice(-KEPT_BYTES);
  }
}
