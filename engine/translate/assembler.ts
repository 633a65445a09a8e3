/**
 * Emission of machine code into a window of the code cache: bytes, 32-bit and 64-bit values at a cursor, and
 * the few instructions that translations are made of. Addresses are those that the tracee sees.
 */

/** One stretch of the code cache: the tracer's view of it and its address in the tracee. */
export class Assembler {
  /** Offset of the next byte. */
  cursor = 0;

  /**
   * @param base Address of the first byte in the tracee.
   * @param bytes The tracer's view of it.
   */
  constructor(
    readonly base: number,
    readonly bytes: Uint8Array,
    private readonly view: DataView,
  ) {}

  /** Address of the next byte. */
  get here(): number {
    return this.base + this.cursor;
  }

  /** Bytes that are left. */
  get room(): number {
    return this.bytes.length - this.cursor;
  }

  byte(value: number): void {
    this.bytes[this.cursor++] = value;
  }

  emit(...values: number[]): void {
    for (const value of values) this.bytes[this.cursor++] = value;
  }

  /**
   * Fills up with `nop` to where an 8-byte value `offset` bytes ahead is aligned: programs may set the AC flag,
   * under which reading another one raises SIGBUS.
   */
  alignLiteral(offset: number): void {
    while ((this.here + offset) % 8 !== 0) this.byte(0x90);
  }

  copy(source: Uint8Array): void {
    for (let i = 0; i < source.length; i++) this.bytes[this.cursor++] = source[i]!;
  }

  u32(value: number): void {
    this.view.setInt32(this.cursor, value | 0, true);
    this.cursor += 4;
  }

  /** A 64-bit value given as a safe integer (negative ones in two's complement). */
  u64(value: number): void {
    this.setU64(this.here, value);
    this.cursor += 8;
  }

  /** Overwrites the 64-bit value at an address of this window. */
  setU64(address: number, value: number): void {
    const at = address - this.base;
    this.view.setUint32(at, value >>> 0, true);
    this.view.setInt32(at + 4, Math.floor(value / 0x100000000), true);
  }

  /** Reads back a 64-bit value (an address, below 2^53). */
  getU64(address: number): number {
    const at = address - this.base;
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 0x100000000;
  }

  setByte(address: number, value: number): void {
    this.bytes[address - this.base] = value;
  }

  /**
   * Reserves a relative 32-bit operand.
   * @returns Its address, for {@link link}.
   */
  relative(): number {
    const at = this.here;
    this.cursor += 4;
    return at;
  }

  /** Lets the relative operand at `site` lead to `target`. */
  link(site: number, target: number): void {
    this.view.setInt32(site - this.base, target - (site + 4), true);
  }

  /** Whether the relative operand at `site` leads to `target`. */
  leads(site: number, target: number): boolean {
    return this.view.getInt32(site - this.base, true) === target - (site + 4);
  }

  /** Whether the relative operand at `site` can lead to `target`. */
  reaches(site: number, target: number): boolean {
    const distance = target - (site + 4);
    return distance >= -0x80000000 && distance <= 0x7fffffff;
  }

  /** `mov [address], rcx` with an absolute 32-bit address. */
  storeRcx(address: number): void {
    this.emit(0x48, 0x89, 0x0c, 0x25);
    this.u32(address);
  }

  /** `mov rcx, [address]`. */
  loadRcx(address: number): void {
    this.emit(0x48, 0x8b, 0x0c, 0x25);
    this.u32(address);
  }

  /** `mov [address], rax`. */
  storeRax(address: number): void {
    this.emit(0x48, 0x89, 0x04, 0x25);
    this.u32(address);
  }

  /** `mov rax, [address]`. */
  loadRax(address: number): void {
    this.emit(0x48, 0x8b, 0x04, 0x25);
    this.u32(address);
  }

  /** `jmp rel32`, to be linked: the address of its operand. */
  jump(): number {
    this.byte(0xe9);
    return this.relative();
  }

  /** `jcc rel32`, to be linked: the address of its operand. */
  jumpIf(condition: number): number {
    this.emit(0x0f, 0x80 | condition);
    return this.relative();
  }
}
