/**
 * Measured code without anything in between: the steps of a measurement become one piece of machine code that
 * runs from its first instruction to its last. In JS the interpreter, the JIT and the garbage collector would
 * retire millions of branches between an `enable` and a `disable`.
 */

import { ERRNO, nativeFunction, retry, SYSCALLS, unwrap, WORD } from "../kernel/mod.ts";
import { mapCode, NativeBuffer } from "../memory/mod.ts";
import { cpuid } from "../processor/mod.ts";
import { encodeListing, type Listing, parseListing } from "../stubs/listing.ts";
import { STRAIGHT_RUN_LISTINGS } from "../stubs/straight-run.ts";
import { PERF_IOC } from "./constants.ts";
import type { PerfStep } from "./system.ts";

type Values = Readonly<Record<string, number | bigint>>;

type ListingName = keyof typeof STRAIGHT_RUN_LISTINGS;

const parsed = new Map<ListingName, Listing>();
let enter: ((code: number) => void) | undefined;

/** A listing, taken apart when it is needed first. */
function listing(name: ListingName): Listing {
  const known = parsed.get(name) ?? parseListing(STRAIGHT_RUN_LISTINGS[name]);
  parsed.set(name, known);
  return known;
}

/** Calls the code at an address. */
function call(code: number): void {
  enter ??= nativeFunction<(code: number) => void>(mapCode(encodeListing(listing("enter"))), [WORD], "void");
  enter(code);
}

/** Most locked additions of one step: they are laid out one behind the other, six bytes each. */
const MAX_LOCKED_ADDS = 65_536;
/** Long enough for another task to get the processor, short enough for a probe that does it often. */
const SLEEP_NANOSECONDS = 1_000_000n;
/** RTM status: the transaction was ended by XABORT, so that all of it ran. Intel SDM volume 1, 16.3.5. */
const ABORTED_BY_XABORT = 1;
const U64 = 8;

/** Whether cpuid promises RTM (leaf 7, ebx bit 11): without it `xbegin` is an invalid instruction. */
function hasRtm(): boolean {
  return cpuid(0)[0] >= 7 && ((cpuid(7)[1] >>> 11) & 1) === 1;
}

function checkCount(what: string, count: number, most: number): void {
  if (!Number.isSafeInteger(count) || count < 0 || count > most) {
    throw new RangeError(
      `Cannot run a step as its number of ${what} must be an integer of 0 to ${most}: current value is ${count}`,
    );
  }
}

/** The code of a run as it grows, and the words that it works on. */
class Assembly implements Disposable {
  readonly data: NativeBuffer;
  readonly #parts: Uint8Array[] = [];
  #words = 0;

  constructor(words: number) {
    this.data = NativeBuffer.map(words * U64);
  }

  /** Takes some words: their first index. */
  take(words: number): number {
    const first = this.#words;
    this.#words += words;
    return first;
  }

  addressOf(word: number): number {
    return this.data.address + word * U64;
  }

  emit(name: ListingName, values: Values = {}): void {
    this.#parts.push(encodeListing(listing(name), values));
  }

  run(): void {
    const code = Buffer.concat(this.#parts);
    const address = mapCode(code);
    try {
      call(address);
    } finally {
      unwrap("munmap", retry(SYSCALLS.munmap, address, code.length));
    }
  }

  [Symbol.dispose](): void {
    this.data[Symbol.dispose]();
  }
}

/** Words of data that a step needs, besides that of its result. */
function wordsOf(step: PerfStep): number {
  switch (step.do) {
    case "ioctl":
      return 1;
    case "read":
      return step.into.length;
    case "reschedule":
      return 2;
    default:
      return 0;
  }
}

/** Adds a step to the code; gives what makes its result of the word that the code leaves. */
function emitStep(code: Assembly, step: PerfStep, result: number): (word: number) => number {
  const { data } = code;
  const call = (number: number, a: number, b: number | bigint, c: number | bigint) =>
    code.emit("syscall", { number, a, b, c, result: code.addressOf(result) });
  const asItIs = (word: number) => word;
  switch (step.do) {
    case "ioctl": {
      let { argument } = step;
      if (step.request === PERF_IOC.PERIOD) {
        const word = code.take(1);
        data.u64[word] = BigInt.asUintN(64, BigInt(argument));
        argument = code.addressOf(word);
      }
      call(SYSCALLS.ioctl, step.fd, step.request, argument);
      return asItIs;
    }
    case "read": {
      const word = code.take(step.into.length);
      call(SYSCALLS.read, step.fd, code.addressOf(word), step.into.byteLength);
      return (bytes) => {
        if (bytes > 0) step.into.set(data.u64.subarray(word, word + bytes / U64));
        return bytes;
      };
    }
    case "branches":
      checkCount("branches", step.count, Number.MAX_SAFE_INTEGER);
      if (step.count > 0) code.emit("branches", { count: step.count });
      return asItIs;
    case "locked-adds":
      checkCount("locked additions", step.count, MAX_LOCKED_ADDS);
      code.emit("lockedAddsBegin");
      for (let index = 0; index < step.count; index++) code.emit("lockedAdd");
      code.emit("lockedAddsEnd");
      return asItIs;
    case "aborted-transaction":
      checkCount("branches", step.branches - 1, Number.MAX_SAFE_INTEGER);
      if (!hasRtm()) return () => -ERRNO.ENOSYS;
      code.emit("abortedTransaction", { count: step.branches, result: code.addressOf(result) });
      return (status) => ((status & ABORTED_BY_XABORT) === 0 ? -ERRNO.EAGAIN : 0);
    case "reschedule": {
      const word = code.take(2);
      data.u64[word + 1] = SLEEP_NANOSECONDS;
      call(SYSCALLS.nanosleep, code.addressOf(word), 0, 0);
      return asItIs;
    }
  }
}

/**
 * Runs steps on this processor, one right after the other, with all signals blocked.
 *
 * @returns See `PerfSystem.run`. −EAGAIN of an aborted transaction: it was aborted before it had run to its end.
 * @throws RangeError for a number of branches or additions that is out of range.
 * @throws SyscallError when the kernel refuses memory for the code.
 */
export function straightRun(steps: readonly PerfStep[]): number[] {
  const words = steps.reduce((sum, step) => sum + 1 + wordsOf(step), 2);
  using code = new Assembly(words);
  const [all, saved] = [code.take(1), code.take(1)];
  code.data.u64[all] = 0xffff_ffff_ffff_ffffn;
  code.emit("begin", { all: code.addressOf(all), saved: code.addressOf(saved) });
  const results = steps.map((step) => {
    const word = code.take(1);
    return { word, finish: emitStep(code, step, word) };
  });
  code.emit("end", { saved: code.addressOf(saved) });
  code.run();
  return results.map(({ word, finish }) => finish(Number(BigInt.asIntN(64, code.data.u64[word]!))));
}
