/**
 * A growing buffer with a write position. Events are encoded straight into it, without an object or view per
 * event: at 50,000 events a second garbage would cost more than the copying.
 *
 * All integers are little-endian. The caller reserves room first, so that the puts need not check for it.
 */
export class ByteWriter {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;

  /** @param capacity Bytes to start with. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
    this.#view = viewOf(this.#buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written, as a view that the next write may overwrite. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets everything after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.bytes);
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }

  /** Appends one byte. */
  u8(value: number): void {
    this.#view.setUint8(this.#length, value);
    this.#length += 1;
  }

  /** Appends a 32-bit integer; signed values are stored as their two's complement. */
  u32(value: number): void {
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /**
   * Appends an unsigned 64-bit integer that is held as a number.
   *
   * @throws {RangeError} If it is not a whole number from 0 to 2^64 - 1.
   */
  u64(value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 64)) {
      throw new RangeError(
        `Cannot encode as the value must be a whole number below 2^64: current value is ${value}`,
      );
    }
    const low = value >>> 0;
    this.#view.setUint32(this.#length, low, true);
    this.#view.setUint32(this.#length + 4, (value - low) / 2 ** 32, true);
    this.#length += 8;
  }

  /** Appends the low 64 bits of a bigint. */
  big64(value: bigint): void {
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends a text: its length in UTF-8 bytes as u32, then the bytes. Reserve three bytes per UTF-16 unit. */
  text(value: string): void {
    const size = this.#buffer.write(value, this.#length + 4, "utf8");
    this.u32(size);
    this.#length += size;
  }

  /** Overwrites the 32-bit integer at `position`: for sizes that are known only at the end. */
  patchU32(position: number, value: number): void {
    this.#view.setUint32(position, value, true);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
