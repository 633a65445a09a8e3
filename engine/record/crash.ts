/**
 * What a task looks like when a signal ends its process: enough to unwind its stack afterwards. It is noted while the
 * memory is still there; names and lines are the reader's business.
 */
import { PROT, SIGINFO } from "../../ffi/mod.ts";
import { REGISTER_NAMES, type Registers } from "../trace/events.ts";
import { FAULT_SIGNALS } from "../tracee/fault.ts";
import { RSP } from "../tracee/registers.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A file that is mapped with the right to execute. */
export interface MappedText {
  start: number;
  end: number;
  /** Byte of the file at `start`. */
  offset: number;
  path: string;
  /** Index in the trace's file list. */
  file: number;
}

/** See the file's head. */
export interface CrashState {
  task: number;
  process: number;
  signal: number;
  /** The address that a fault was about; missing where the signal was sent. */
  address?: string;
  /** Index of the signal's event in the trace. */
  event: number;
  /** Registers by name, "0x7ffff7ed9e65" each. */
  registers: Record<string, string>;
  /** Memory from `address` on, at the stack pointer or shortly above it. */
  stack: { address: number; base64: string };
  text: MappedText[];
}

/** Crashes that are kept: of a program that makes many, the last ones. */
export const MOST_CRASHES = 4;
/** How much of a stack is kept: some hundred frames. */
const STACK_BYTES = 128 * 1024;
/** A stack that has overflown ends at most so far above its pointer, which is in the guard then. */
const GUARD_BYTES = 1024 * 1024;
/** The field si_addr of siginfo_t; si_code is above 0 where the kernel itself sent it (asm-generic/siginfo.h). */
const SI_CODE = 8;
const SI_ADDR = 16;

/**
 * Notes a task that a signal is about to end.
 *
 * @param registers The program's view of them.
 * @param event Index of the signal's event.
 */
export function crashState(
  task: RecordedTask,
  signal: number,
  { siginfo, registers, event }: { siginfo: Uint8Array; registers: Registers; event: number },
): CrashState {
  const { mappings, memory } = task.space;
  const rsp = Number(registers[RSP]!);
  const stack =
    mappings.find(rsp) ?? mappings.all.find(({ start }) => start > rsp && start - rsp <= GUARD_BYTES);
  const from = stack === undefined ? rsp : Math.max(rsp, stack.start);
  const bytes = stack && memory.read(from, Math.min(STACK_BYTES, stack.end - from)).slice();
  const hex = (value: bigint) => `0x${value.toString(16)}`;
  return {
    task: task.id,
    process: task.process.id,
    signal,
    ...faultAddress(signal, siginfo),
    event,
    registers: Object.fromEntries(REGISTER_NAMES.map((name, i) => [name, hex(registers[i]!)])),
    stack: { address: from, base64: Buffer.from(bytes ?? []).toString("base64") },
    text: mappings.all
      .filter(({ protection, file }) => (protection & PROT.EXEC) !== 0 && file >= 0)
      .map(({ start, end, offset, name, file }) => ({ start, end, offset, path: name, file })),
  };
}

function faultAddress(signal: number, siginfo: Uint8Array): { address?: string } {
  const view = new DataView(siginfo.buffer, siginfo.byteOffset, SIGINFO.size);
  if (!FAULT_SIGNALS.includes(signal) || view.getInt32(SI_CODE, true) <= 0) return {};
  return { address: `0x${view.getBigUint64(SI_ADDR, true).toString(16)}` };
}
