/** Reading the fields of one record in order, within its bounds: a ring is memory that others write. */

const decoder = new TextDecoder();

/** A record that does not hold what its header promises. */
export class RingError extends Error {
  override readonly name = "RingError";
}

/** A cursor over the bytes of one record. */
export class RecordBytes {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at: number;

  /**
   * @param bytes The record, header included.
   * @param start Where its fields begin.
   */
  constructor(bytes: Uint8Array, start: number) {
    // Of a Buffer `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    if (!(count >= 0 && count <= this.left)) {
      throw new RingError(
        `Cannot decode a perf record as a field of ${count} bytes goes beyond its end (${this.left} left)`,
      );
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A pid or tid, which is signed: −1 is a task outside of the reader's pid namespace. */
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A number of things that follow; refused when they could not. */
  count(): number {
    const value = this.u64();
    if (value > BigInt(this.left)) {
      throw new RingError(`Cannot decode a perf record as it promises ${value} items in ${this.left} bytes`);
    }
    return Number(value);
  }

  /** Some words, copied. */
  words(count: number): BigUint64Array {
    const at = this.#take(count * 8);
    return new BigUint64Array(this.#bytes.slice(at, at + count * 8).buffer);
  }

  /** Some bytes, copied. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }

  /** A text up to its NUL, padded to a multiple of eight bytes. */
  text(length: number): string {
    const bytes = this.bytes(length);
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Passes over what is not wanted. */
  skip(count: number): void {
    this.#take(count);
  }
}
