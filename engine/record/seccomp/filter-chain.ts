/**
 * What a task's filters of system calls say of a call. Filters are never taken away: a new one stands in front of those
 * that are there, and tasks that share a beginning share it as one (kernel/seccomp.c, struct seccomp_filter, Linux 6.18).
 */
import { ARCH_X86_64, FILTER_DATA } from "../../tracee/syscall-filter.ts";
import { convertedLength, DATA_BYTES, type Instruction } from "./bpf-program.ts";
import { runFilter, UNKNOWN } from "./bpf-run.ts";

/** SECCOMP_RET_*: the upper half of a verdict (linux/seccomp.h). */
export const ACTION = {
  killProcess: 0x8000_0000,
  killThread: 0,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  notify: 0x7fc0_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;

const ACTION_MASK = 0xffff_0000;
const DATA_MASK = 0xffff;
/** Most instructions of all filters of a task together, in the kernel's form (MAX_INSNS_PER_PATH), and what each filter but the newest costs more. */
const MOST_OF_PATH = 32768;
const PENALTY = 4;

/** A filter with those behind it. */
export interface FilterChain {
  readonly program: readonly Instruction[];
  readonly older: FilterChain | undefined;
  /** It has come with a descriptor by which a supervisor hears of calls. */
  readonly listener: boolean;
  /** How many filters there are from this one on. */
  readonly count: number;
  /** Instructions of them in the kernel's form, as they count for one that comes in front. */
  readonly length: number;
}

/** What a task's filters say. */
export interface Verdict {
  readonly action: number;
  /** The lower half. */
  readonly data: number;
  /** The filter that says it. */
  readonly of: FilterChain;
}

/** Puts a filter in front of others; undefined if they would be too long together. */
export function withFilter(
  program: readonly Instruction[],
  older: FilterChain | undefined,
  listener: boolean,
): FilterChain | undefined {
  const length = convertedLength(program) + (older?.length ?? 0);
  if (length > MOST_OF_PATH) return undefined;
  return { program, older, listener, count: (older?.count ?? 0) + 1, length: length + PENALTY };
}

/** Whether a filter, or none, is among those of a chain. */
export function isAncestor(filter: FilterChain | undefined, chain: FilterChain | undefined): boolean {
  if (filter === undefined) return true;
  for (let each = chain; each; each = each.older) if (each === filter) return true;
  return false;
}

/** struct seccomp_data as words. */
export function filterData(number: number, instructionPointer: number, args: readonly bigint[]): Uint32Array {
  const data = new Uint32Array(DATA_BYTES / 4);
  const put = (offset: number, value: bigint): void => {
    data[offset / 4] = Number(value & 0xffff_ffffn);
    data[offset / 4 + 1] = Number(value >> 32n);
  };
  data[FILTER_DATA.number / 4] = number;
  data[FILTER_DATA.arch / 4] = ARCH_X86_64;
  put(FILTER_DATA.instructionPointer, BigInt(instructionPointer));
  for (const [i, value] of args.entries()) put(FILTER_DATA.arguments + 8 * i, value);
  return data;
}

/** What the filters say of a call: all are asked, and the least action has the word, of several the newest's. */
export function verdictOf(chain: FilterChain, data: Uint32Array): Verdict {
  let found: Verdict = { action: ACTION.allow, data: 0, of: chain };
  for (let each: FilterChain | undefined = chain; each; each = each.older) {
    const verdict = runFilter(each.program, data);
    if (verdict === UNKNOWN) throw new RangeError("a filter looks at more than all of its data");
    const action = (verdict & ACTION_MASK) >>> 0;
    // As signed numbers: to end the process comes before all else.
    if ((action | 0) < (found.action | 0)) found = { action, data: verdict & DATA_MASK, of: each };
  }
  return found;
}

/** Whether the filters let all calls by a number pass, whatever else is true of them. */
export function alwaysAllows(chain: FilterChain, number: number): boolean {
  const known = new Uint32Array([number, ARCH_X86_64]);
  for (let each: FilterChain | undefined = chain; each; each = each.older) {
    const verdict = runFilter(each.program, known);
    if (verdict === UNKNOWN || (verdict & ACTION_MASK) >>> 0 !== ACTION.allow) return false;
  }
  return true;
}
