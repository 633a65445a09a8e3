/** PTRACE_GET_SYSCALL_INFO: a stop as struct ptrace_syscall_info (linux/ptrace.h, and kernel/ptrace.c of Linux 6.18). */
import { PTRACE_EVENT } from "../../../ffi/mod.ts";
import { callIn } from "../../arch/x86_64/traced-registers.ts";
import { ARCH_X86_64 } from "../../tracee/syscall-filter.ts";
import type { Hold, Tracing } from "./tracing.ts";

const OP = { none: 0, entry: 1, exit: 2, filter: 3 } as const;
const AT = {
  op: 0,
  arch: 4,
  pc: 8,
  stack: 16,
  number: 24,
  result: 24,
  arguments: 32,
  isError: 32,
  reason: 80,
} as const;
/** Bytes of the structure, by what it says. */
const SIZE = { none: 24, entry: 80, exit: 33, filter: 84 } as const;
/** MAX_ERRNO (linux/err.h). */
const LAST_ERROR = -4095n;

/** What a stop is about: one of a call only where those can be told from others (PTRACE_O_TRACESYSGOOD). */
function aboutOf({ stop }: Hold, tracing: Tracing): keyof typeof OP {
  if (stop.kind === "event") return stop.event === PTRACE_EVENT.SECCOMP ? "filter" : "none";
  const isCall = (stop.kind === "entry" || stop.kind === "exit") && tracing.has("TRACESYSGOOD");
  return isCall ? (stop.kind === "entry" ? "entry" : "exit") : "none";
}

/** What a stop says. */
export function syscallInfo(hold: Hold, tracing: Tracing): Uint8Array {
  const { pc, stack, number, args, result } = callIn(hold.registers);
  const what = aboutOf(hold, tracing);
  const bytes = new Uint8Array(SIZE.filter);
  const view = new DataView(bytes.buffer);
  view.setUint8(AT.op, OP[what]);
  view.setUint32(AT.arch, ARCH_X86_64, true);
  view.setBigUint64(AT.pc, pc, true);
  view.setBigUint64(AT.stack, stack, true);
  if (what === "filter") view.setUint32(AT.reason, Number(BigInt.asUintN(32, tracing.message)), true);
  if (what === "entry" || what === "filter") {
    view.setBigUint64(AT.number, number, true);
    for (const [i, argument] of args.entries()) view.setBigUint64(AT.arguments + 8 * i, argument, true);
  } else if (what === "exit") {
    view.setBigInt64(AT.result, result, true);
    view.setUint8(AT.isError, result < 0n && result >= LAST_ERROR ? 1 : 0);
  }
  return bytes.slice(0, SIZE[what]);
}
