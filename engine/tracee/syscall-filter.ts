/**
 * Filters of system calls (seccomp): how they are written, and how one is put on a process.
 *
 * Sources: seccomp(2), prctl(2); struct seccomp_data of linux/seccomp.h; linux/bpf_common.h.
 */
import { ERRNO, SYSCALLS, type TraceeMemory } from "../../ffi/mod.ts";
import type { Inject } from "./code-memory.ts";

/** AUDIT_ARCH_X86_64 (linux/audit.h): EM_X86_64, 64-bit, little-endian. */
export const ARCH_X86_64 = 0xc000_003e;

/** SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE and SECCOMP_RET_KILL_PROCESS. */
export const VERDICT = { allow: 0x7fff_0000, trace: 0x7ff0_0000, kill: 0x8000_0000 } as const;

/** Offsets in struct seccomp_data; the low half of a 64-bit value comes first. */
export const FILTER_DATA = { number: 0, arch: 4, instructionPointer: 8, arguments: 16 } as const;

/** Instructions: code, and then where true and false lead to, counted from the next instruction, and a constant. */
export type FilterInstruction = readonly [code: number, ifTrue: number, ifFalse: number, constant: number];

export const OPCODE = {
  /** BPF_LD | BPF_W | BPF_ABS */
  load: 0x20,
  /** BPF_ALU | BPF_AND | BPF_K */
  and: 0x54,
  /** BPF_JMP | BPF_JEQ | BPF_K */
  jumpEqual: 0x15,
  /** BPF_JMP | BPF_JSET | BPF_K */
  jumpSet: 0x45,
  /** BPF_RET | BPF_K */
  return: 0x06,
} as const;

/** Bytes of struct sock_filter. */
const INSTRUCTION_BYTES = 8;
/** struct sock_fprog: its length and the address of the instructions, 16 bytes. */
const FPROG_BYTES = 16;

const SECCOMP_SET_MODE_FILTER = 1;
/** SECCOMP_FILTER_FLAG_SPEC_ALLOW: without it kernels before 5.16 slow the whole process down (spec_store_bypass). */
const SPEC_ALLOW = 4;

/** A filter as the kernel takes it: an array of struct sock_filter. */
export function encodeFilter(program: readonly FilterInstruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, ifTrue, ifFalse, constant]] of program.entries()) {
    const at = i * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, constant >>> 0, true);
  }
  return bytes;
}

/** Instructions of a filter. */
export function instructionsOf(filter: Uint8Array): number {
  return filter.length / INSTRUCTION_BYTES;
}

/**
 * Puts a filter on a process.
 *
 * @param call Makes system calls in its name.
 * @param at Memory of it that is free.
 * @param flags Of seccomp(2). @default only that speculation goes on
 * @returns 0, a listener's descriptor, or -errno: EACCES where it has neither CAP_SYS_ADMIN nor no_new_privs.
 */
export function putFilter(
  call: Inject,
  memory: TraceeMemory,
  at: number,
  filter: Uint8Array,
  flags = SPEC_ALLOW,
): number {
  const program = new DataView(new ArrayBuffer(FPROG_BYTES));
  program.setUint16(0, instructionsOf(filter), true);
  program.setBigUint64(8, BigInt(at + FPROG_BYTES), true);
  memory.write(at, new Uint8Array(program.buffer));
  memory.write(at + FPROG_BYTES, filter);
  const result = call(SYSCALLS.seccomp, SECCOMP_SET_MODE_FILTER, flags, at);
  if (result !== -ERRNO.EINVAL || flags !== SPEC_ALLOW) return result;
  return call(SYSCALLS.seccomp, SECCOMP_SET_MODE_FILTER, 0, at);
}
