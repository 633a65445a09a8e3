/**
 * The questions that the recorder asks of the table.
 */
import { ERRNO } from "../../ffi/mod.ts";
import { type Area, rangesOf } from "./areas.ts";
import type { SyscallSpec } from "./call.ts";
import type { CallView, MemoryRange } from "./call-view.ts";
import { holds } from "./conditions.ts";
import { SPECS } from "./table/mod.ts";

/** Results from -MAX_ERRNO to -1 are failures (include/linux/err.h). */
const MAX_ERRNO = 4095;

/** End of the memory that a program can have, with 4-level page tables (Documentation/arch/x86/x86_64/mm.rst). */
const USER_END = 2 ** 47;

/**
 * Most that is saved of one range after a failed call, whose length may be the nonsense that it failed for.
 * Longer than any that a failing call can have written: the pollfds of 2^21 descriptors.
 */
const FAILURE_LIMIT = 2 ** 24;

/**
 * What the engine knows of a system call.
 *
 * @param number x86-64 system call number.
 * @returns undefined for a number that the table does not have; answer that with -ENOSYS.
 */
export function syscallSpec(number: number): SyscallSpec | undefined {
  return SPECS[number];
}

/** Whether a call may sleep for long, so that other tasks have to run meanwhile. To be asked at entry. */
export function blocks(spec: SyscallSpec, call: CallView): boolean {
  return holds(spec.blocks, call);
}

/** Who sleeps, by what ends that: one bit each. */
export const SLEEPERS = { "readers and writers": 1, "waiters for futexes": 2, others: 4 } as const;

const ALL_SLEEPERS = 7;

/** Which of {@link SLEEPERS} a task is that sleeps in a call. */
export function sleepsAs({ sleepsFor }: SyscallSpec): number {
  if (sleepsFor === undefined) return SLEEPERS["readers and writers"];
  return sleepsFor === "wakes of futexes" ? SLEEPERS["waiters for futexes"] : SLEEPERS.others;
}

/** Whose sleep a call that has ended may have ended: bits of {@link SLEEPERS}. */
export function wakesWhom(spec: SyscallSpec, call: CallView): number {
  if (!holds(spec.wakes, call)) return 0;
  if (spec.signal !== undefined || spec.task !== undefined || spec.signalsByRequest) return ALL_SLEEPERS;
  return spec.sleepsFor === "wakes of futexes"
    ? SLEEPERS["waiters for futexes"]
    : SLEEPERS["readers and writers"];
}

/** The ranges of `areas` that can be memory, each of at most `limit` bytes. */
function boundedRanges(areas: readonly Area[], call: CallView, limit: number): MemoryRange[] {
  const ranges: MemoryRange[] = [];
  for (const area of areas) {
    for (const { address, length } of rangesOf(area, call)) {
      const kept = Math.min(length, limit, USER_END - address);
      if (address !== 0 && kept > 0) {
        ranges.push({ address, length: kept });
      }
    }
  }
  return ranges;
}

function failed(call: CallView): boolean {
  return call.result < 0 && call.result >= -MAX_ERRNO;
}

/**
 * Memory that the kernel may have written during a call. To be asked at exit, before anything else runs.
 *
 * The ranges may overlap, name memory that was not written, and reach into pages that are not mapped: save what
 * can be read of them. A call that failed with EFAULT may have written a part before the bad page.
 * Pointers and counts within the program's memory are followed as they are at exit: a call that reads into its own
 * array of iovecs is not covered.
 */
export function outputRanges(spec: SyscallSpec, call: CallView): MemoryRange[] {
  if (!failed(call)) {
    const ranges = boundedRanges(spec.writes, call, USER_END);
    return spec.writesAlways.length === 0
      ? ranges
      : ranges.concat(boundedRanges(spec.writesAlways, call, USER_END));
  }
  const ranges = boundedRanges(spec.writesAlways, call, FAILURE_LIMIT);
  return call.result === -ERRNO.EFAULT
    ? ranges.concat(boundedRanges(spec.writes, call, FAILURE_LIMIT))
    : ranges;
}

/**
 * The bytes that a call sent to a file descriptor from the program's memory, cut to what was really sent, in
 * order. To be asked at exit.
 *
 * @returns undefined for calls that do not send, or failed.
 */
export function bytesSent(
  spec: SyscallSpec,
  call: CallView,
): { fd: number; ranges: MemoryRange[] } | undefined {
  if (spec.sends === undefined || failed(call)) {
    return undefined;
  }
  return { fd: call.int(spec.sends.fd), ranges: boundedRanges([spec.sends.from], call, USER_END) };
}

/**
 * The descriptor that a call moves bytes to which never pass through the program's memory (sendfile, splice, tee,
 * copy_file_range, vmsplice), and the error number that makes programs fall back to a plain write: each of these
 * calls fails with EINVAL for a file that does not support it (see their manual pages). To be asked at entry.
 */
export function movesTo(spec: SyscallSpec, call: CallView): { fd: number; errno: number } | undefined {
  return spec.moves === undefined ? undefined : { fd: call.int(spec.moves), errno: ERRNO.EINVAL };
}

/**
 * The result (-errno) to answer this particular call with instead of running it: that of a kernel without the
 * feature asked for. To be asked at entry, of calls that are recorded.
 *
 * @returns undefined where the call is to run; always -errno for calls that are absent.
 */
export function answer(spec: SyscallSpec, call: CallView): number | undefined {
  if (spec.errno !== undefined) return -spec.errno;
  const found = spec.answers.find(({ when }) => holds(when, call));
  return found && -found.errno;
}

/**
 * Why this particular call cannot be recorded should it succeed, for the user. To be asked at entry, when its arguments
 * are still the program's own.
 *
 * @returns undefined where it can.
 */
export function refusal(spec: SyscallSpec, call: CallView): string | undefined {
  const found = spec.refuses.find(({ when }) => holds(when, call));
  return found?.reason.replace(/\{(\d)\}/g, (_, at) => `0x${(call.int(Number(at)) >>> 0).toString(16)}`);
}
