/**
 * Registers are stored as what changed since the task's previous ones in the same chunk: from one system
 * call to the next about a third of them do. A chunk starts from zeros, so each one can be read on its own.
 */

import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import type { ByteReader } from "./byte-reader.ts";
import { MalformedError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { Registers } from "./events.ts";

/** Most bytes that one set of registers takes: the mask and all values. */
export const MAX_REGISTERS_BYTES = 4 + REGISTER_COUNT * 8;

/** The last registers of each task within one chunk, on the writing side. */
export class RegisterEncoder {
  readonly #last = new Map<number, Uint32Array>();
  readonly #scratch = new BigUint64Array(REGISTER_COUNT);
  // Comparing 32-bit halves makes no bigints, so nothing for the garbage collector.
  readonly #halves = new Uint32Array(this.#scratch.buffer);

  /** Forgets all tasks: a new chunk starts. */
  clear(): void {
    this.#last.clear();
  }

  /** Appends registers of which nothing is said. */
  encodeNone(out: ByteWriter): void {
    out.u32(0);
  }

  /**
   * Appends the registers of a task.
   *
   * @throws {RangeError} If there are not {@link REGISTER_COUNT} of them.
   */
  encode(out: ByteWriter, task: number, registers: Registers): void {
    if (registers.length !== REGISTER_COUNT) {
      throw new RangeError(
        `Cannot encode registers as there must be ${REGISTER_COUNT}: current length is ${registers.length}`,
      );
    }
    let last = this.#last.get(task);
    if (last === undefined) {
      last = new Uint32Array(REGISTER_COUNT * 2);
      this.#last.set(task, last);
    }
    const halves = this.#halves;
    this.#scratch.set(registers);
    const maskAt = out.length;
    out.u32(0);
    let mask = 0;
    for (let i = 0; i < REGISTER_COUNT; i++) {
      const low = halves[2 * i] as number;
      const high = halves[2 * i + 1] as number;
      if (low === last[2 * i] && high === last[2 * i + 1]) continue;
      mask |= 1 << i;
      out.u32(low);
      out.u32(high);
    }
    out.patchU32(maskAt, mask);
    last.set(halves);
  }
}

/** The last registers of each task within one chunk, on the reading side. */
export class RegisterDecoder {
  readonly #last = new Map<number, Registers>();

  /** Reads registers of which nothing is said. */
  none(from: ByteReader): Registers {
    const mask = from.u32();
    if (mask !== 0) throw new MalformedError(`register mask 0x${mask.toString(16)} where there are none`);
    return new BigUint64Array(REGISTER_COUNT);
  }

  /** Reads the registers of a task into a new array. */
  decode(from: ByteReader, task: number): Registers {
    let last = this.#last.get(task);
    if (last === undefined) {
      last = new BigUint64Array(REGISTER_COUNT);
      this.#last.set(task, last);
    }
    const mask = from.u32();
    if (mask >>> REGISTER_COUNT !== 0)
      throw new MalformedError(`register mask 0x${mask.toString(16)} is too wide`);
    for (let i = 0; i < REGISTER_COUNT; i++) {
      if ((mask & (1 << i)) !== 0) last[i] = from.bigU64();
    }
    // A copy: what the caller does to its registers must not reach the next event.
    return last.slice();
  }
}
