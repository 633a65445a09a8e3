/**
 * Reads integers, bytes and texts out of untrusted bytes. Every access is checked against the end of the
 * current event, so a wrong length can neither reach into the next event nor cause an allocation.
 */

/** Bytes that do not follow the format. The trace reader turns it into a TraceError that names the place. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A read position in bytes that bounds every access by {@link ByteReader.limit}. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder("utf-8");
  #position = 0;
  #limit: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#limit = bytes.length;
  }

  /** Where the next read starts. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left before the limit. */
  get remaining(): number {
    return this.#limit - this.#position;
  }

  /** Restricts reading to the next `size` bytes, or lifts the restriction if `size` is undefined. */
  restrict(size: number | undefined): void {
    this.#limit = this.#bytes.length;
    if (size === undefined) return;
    if (size > this.remaining)
      throw new MalformedError(`${size} bytes are announced, but ${this.remaining} are left`);
    this.#limit = this.#position + size;
  }

  /** Reads one byte. */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Reads an unsigned 32-bit integer. */
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Reads a signed 32-bit integer. */
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Reads an unsigned 64-bit integer as a number; one that a number cannot hold exactly is malformed. */
  u64(): number {
    const at = this.#take(8);
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getUint32(at + 4, true);
    const value = high * 2 ** 32 + low;
    // Above 2^53 only multiples of 2^11 are sure to be exact; kernel addresses such as [vsyscall] are.
    if (high >= 2 ** 21 && (low & 0x7ff) !== 0) throw new MalformedError(`the number ${value} is not exact`);
    return value;
  }

  /** Reads a signed 64-bit integer. */
  bigI64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** Reads an unsigned 64-bit integer. */
  bigU64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Reads `size` bytes as a view on the input. */
  raw(size: number): Uint8Array {
    const at = this.#take(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** Reads a text: length as u32, then UTF-8. */
  text(): string {
    return this.#decoder.decode(this.raw(this.u32()));
  }

  /** Reads a count of items that take at least `itemBytes` each, and so cannot be more than fit, nor than `most`. */
  count(itemBytes: number, most: number): number {
    const count = this.u32();
    if (count > most) throw new MalformedError(`${count} items are announced, and there can be ${most}`);
    if (count * itemBytes > this.remaining) {
      throw new MalformedError(`${count} items are announced, but only ${this.remaining} bytes are left`);
    }
    return count;
  }

  /** Reads a byte that is an index into `names`. */
  oneOf<T extends string>(names: readonly T[]): T {
    const code = this.u8();
    const name = names[code];
    if (name === undefined) throw new MalformedError(`code ${code} is none of: ${names.join(", ")}`);
    return name;
  }

  #take(size: number): number {
    const at = this.#position;
    if (size > this.#limit - at) {
      throw new MalformedError(`${size} bytes are needed, but ${this.#limit - at} are left`);
    }
    this.#position = at + size;
    return at;
  }
}
