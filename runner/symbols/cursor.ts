/** Reads numbers of DWARF one after the other. What goes beyond the bytes throws a RangeError, as DataView does. */

/** A LEB128 number of more bytes has more than 64 bits. */
const MOST_LEB_BYTES = 10;

/**
 * A position in bytes of DWARF, moved by reading. What goes beyond the bytes throws a RangeError, as DataView does.
 */
export class Cursor {
  /** Byte that comes next. */
  at = 0;
  readonly #bytes: DataView;
  readonly #base: number;

  /**
   * @param bytes What to read.
   * @param base Address of the first byte.
   */
  constructor(bytes: DataView, base: number) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Address of the byte that comes next. */
  get address(): number {
    return this.#base + this.at;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.byteLength;
  }

  u8(): number {
    return this.#bytes.getUint8(this.at++);
  }

  i8(): number {
    return this.#bytes.getInt8(this.at++);
  }

  u16(): number {
    return this.#bytes.getUint16(this.#past(2), true);
  }

  i16(): number {
    return this.#bytes.getInt16(this.#past(2), true);
  }

  u32(): number {
    return this.#bytes.getUint32(this.#past(4), true);
  }

  i32(): number {
    return this.#bytes.getInt32(this.#past(4), true);
  }

  u64(): number {
    return Number(this.#bytes.getBigUint64(this.#past(8), true));
  }

  i64(): number {
    return Number(this.#bytes.getBigInt64(this.#past(8), true));
  }

  /** Unsigned LEB128. */
  uleb(): number {
    return Number(this.#leb().value);
  }

  /** Signed LEB128. */
  sleb(): number {
    const { value, bits } = this.#leb();
    return Number(BigInt.asIntN(bits, value));
  }

  /** A text up to its NUL. */
  text(): string {
    const letters: number[] = [];
    for (let letter = this.u8(); letter !== 0; letter = this.u8()) letters.push(letter);
    return String.fromCharCode(...letters);
  }

  /** So many bytes. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.byteLength - this.at)
      throw new RangeError(`${length} bytes are more than are left`);
    const start = this.#past(length);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  /** All bytes that are left. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.byteLength - this.at);
  }

  skip(length: number): void {
    this.bytes(length);
  }

  #past(length: number): number {
    const start = this.at;
    this.at += length;
    return start;
  }

  #leb(): { value: bigint; bits: number } {
    let [value, bits] = [0n, 0];
    for (let read = 0; read < MOST_LEB_BYTES; read++) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      bits += 7;
      if (byte < 0x80) return { value, bits };
    }
    throw new RangeError("a number has no end");
  }
}
