/**
 * The debug registers of a traced task, as its tracer sets them (ptrace_set_debugreg in arch/x86/kernel/ptrace.c, Linux 6.18;
 * Intel SDM vol. 3, 18.2): which memory is watched, and where it stops before an instruction.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import type { Watch } from "../../tracee/watchpoints.ts";

const ADDRESSES = 4;
const STATUS = 6;
const CONTROL = 7;
/** Bits that read as 1 in DR6 (DR6_RESERVED in asm/debugreg.h). */
const STATUS_ONES = 0xffff_0ff0n;
/** DR_STEP: a single step. */
const STEP = 1n << 14n;
/** R/W of DR7: what is waited for. */
const KIND = { execute: 0, write: 1, ports: 2, access: 3 } as const;
/** LEN of DR7. */
const LENGTHS = [1, 2, 8, 4] as const;
const HIGHEST = 2n ** 47n - 4096n;

/** See the file's head. */
export class DebugRegisters {
  readonly #addresses = new BigUint64Array(ADDRESSES);
  #control = 0n;
  /** What has been hit last, a bit each. */
  #hits = 0n;
  #watches: readonly Watch[] = [];
  #indices: readonly number[] = [];
  /** Addresses of instructions before which it stops. */
  places: ReadonlyMap<number, number> = new Map();

  /** The memory that is watched. */
  get watches(): readonly Watch[] {
    return this.#watches;
  }

  /** One of the eight registers. */
  get(index: number): bigint {
    if (index < ADDRESSES) return this.#addresses[index]!;
    if (index === STATUS) return this.#hits ^ STATUS_ONES;
    return index === CONTROL ? this.#control : 0n;
  }

  /** Sets one of them. @returns 0 or -errno. */
  set(index: number, value: bigint): number {
    if (index === STATUS) this.#hits = value ^ STATUS_ONES;
    else if (index === CONTROL) return this.#setControl(value);
    else if (index >= ADDRESSES) return -ERRNO.EIO;
    else if (value > HIGHEST) return -ERRNO.EINVAL;
    else {
      this.#addresses[index] = value;
      this.#setControl(this.#control);
    }
    return 0;
  }

  #setControl(control: bigint): number {
    const watches: Watch[] = [];
    const indices: number[] = [];
    const places = new Map<number, number>();
    for (let i = 0; i < ADDRESSES; i++) {
      if (((control >> BigInt(2 * i)) & 3n) === 0n) continue;
      const bits = Number((control >> BigInt(16 + 4 * i)) & 15n);
      const [kind, length] = [bits & 3, LENGTHS[bits >> 2]!];
      const address = Number(this.#addresses[i]!);
      if (kind === KIND.ports || (kind === KIND.execute && length !== 1)) return -ERRNO.EINVAL;
      if (kind === KIND.execute) {
        places.set(address, i);
        continue;
      }
      if (address % length !== 0) return -ERRNO.EINVAL;
      watches.push({ address, length, isRead: kind === KIND.access });
      indices.push(i);
    }
    this.#control = control;
    this.#watches = watches;
    this.#indices = indices;
    this.places = places;
    return 0;
  }

  /** Memory that is watched was accessed. */
  hitWatch(watch: Watch | undefined): void {
    const index = watch && this.#indices[this.#watches.indexOf(watch)];
    this.#hits = index === undefined ? 0n : 1n << BigInt(index);
  }

  /** The task has come to a place. @returns Whether it is one of these. */
  hitPlace(pc: number): boolean {
    const index = this.places.get(pc);
    if (index !== undefined) this.#hits = 1n << BigInt(index);
    return index !== undefined;
  }

  /** The task has made a single step. */
  stepped(): void {
    this.#hits = STEP;
  }
}
