/** Code that a forged trace puts in the place of a program's first instructions, to get at the kernel or the engine. */

import type { ExecEvent, SyscallEvent } from "../../engine/trace/mod.ts";
import { SYSCALL_GADGET, TABLE_BASE, TABLE_ENTRIES } from "../../engine/translate/context.ts";

/** Where a system call of the engine's own lies. */
const GADGET = BigInt(SYSCALL_GADGET);
/** Where the lookup table of indirect jumps lies. */
const TABLE = BigInt(TABLE_BASE);
const UNLINK = 87;

const le = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const movRax = (value: bigint): number[] => [0x48, 0xb8, ...le(value, 8)];
const movRcx = (value: bigint): number[] => [0x48, 0xb9, ...le(value, 8)];
const movRdi = (value: bigint): number[] => [0x48, 0xbf, ...le(value, 8)];
const movEax = (value: number): number[] => [0xb8, ...le(BigInt(value), 4)];
const SYSCALL = [0x0f, 0x05];
const INT_80 = [0xcd, 0x80];
const JMP_RAX = [0xff, 0xe0];
const JMP_RCX = [0xff, 0xe1];

/** A loop over the whole table that makes every indirect jump lead to the gadget. */
const POISON = [
  ...movRdi(TABLE),
  ...movRax(GADGET),
  ...movRcx(BigInt(TABLE_ENTRIES)),
  ...[0xfc, 0xf3, 0x48, 0xab], // cld; rep stosq
];

/** Pieces of code by what they try. */
export const SMUGGLED: Readonly<Record<string, readonly number[]>> = {
  "a system call": [...movEax(UNLINK), ...SYSCALL],
  "a system call of 32-bit programs": [...movEax(10), ...INT_80],
  sysenter: [...movEax(10), 0x0f, 0x34],
  "a jump to the engine's own system call": [...movRcx(GADGET), ...movEax(UNLINK), ...JMP_RCX],
  "a jump into the middle of the code cache": [...movRcx(GADGET + 4097n), ...JMP_RCX],
  "a return to the engine's own system call": [...movRcx(GADGET), 0x51, ...movEax(UNLINK), 0xc3],
  "a lookup table that leads to the engine's own system call": [
    ...POISON,
    ...movEax(UNLINK),
    ...[0xe8, 1, 0, 0, 0, 0x90], // call behind the nop
    ...[0xc3],
  ],
  "a change of the code cache": [...movRdi(GADGET), ...movRax(0n), 0x48, 0x89, 0x07],
  "a call of the vsyscall page": [...movRax(0xffffffffff600000n), 0xff, 0xd0],
  "an address that no program can have": [...movRax(0x8000000000000000n), ...JMP_RAX],
  "a far return to 32-bit code": [
    ...[0x6a, 0x23], // push 0x23
    ...[0x68, ...le(0x10000n, 4)],
    ...[0x48, 0xcb], // retfq
  ],
  "a loop without end": [0xeb, 0xfe],
  "a loop of indirect jumps without end": [0x48, 0x8d, 0x05, 0, 0, 0, 0, ...JMP_RAX],
  "a loop without end that sets the counters back": [
    ...movRdi(0x10000n),
    ...[0xc7, 0x07, 0xff, 0xff, 0xff, 0x7f], // mov dword [rdi], 0x7fffffff
    ...[0xeb, 0xf8],
  ],
  "an instruction that stops the processor": [0xf4],
  "an undefined instruction": [0x0f, 0x0b],
  "a trap flag": [0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0x90, 0x90],
};

/** Puts code at the first instruction of a program. */
export function smuggle(event: ExecEvent, code: readonly number[]): void {
  event.writes.push({ address: Number(event.registers[16]!), bytes: Uint8Array.from(code) });
}

/** Offsets in the frame that rt_sigreturn takes down: a struct ucontext (asm/sigcontext.h). */
const FRAME = { size: 304, rax: 40 + 13 * 8, rsp: 160, rip: 168, eflags: 176, cs: 184, ss: 190 } as const;

/**
 * Makes a program begin with rt_sigreturn, and gives the frame for it.
 *
 * @param cs Code segment: 0x33 is 64-bit code, 0x23 is 32-bit code.
 * @returns The event of that call.
 */
export function smuggleFrame(event: ExecEvent, cs: number): SyscallEvent {
  smuggle(event, [...movEax(15), ...SYSCALL]);
  const rsp = event.registers[7]!;
  const frame = new DataView(new ArrayBuffer(FRAME.size));
  frame.setBigUint64(FRAME.rax, BigInt(UNLINK), true);
  frame.setBigUint64(FRAME.rsp, rsp, true);
  frame.setBigUint64(FRAME.rip, GADGET, true);
  frame.setBigUint64(FRAME.eflags, 0x202n, true);
  frame.setUint16(FRAME.cs, cs, true);
  frame.setUint16(FRAME.ss, 0x2b, true);
  event.writes.push({ address: Number(rsp), bytes: new Uint8Array(frame.buffer) });
  const registers = event.registers.slice();
  registers[0] = 15n;
  registers[16] = event.registers[16]! + 5n;
  registers[2] = registers[16]! + 2n;
  return {
    kind: "syscall",
    task: event.task,
    ticks: 0,
    registers,
    number: 15,
    result: 0n,
    writes: [],
    stream: 0,
    outputHash: 0n,
  };
}
