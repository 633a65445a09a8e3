/**
 * The frame that the kernel has just built for a signal handler: where it lies, and what of it would tell of the
 * engine. The frame of struct rt_sigframe (asm/sigframe.h) begins with the return address; struct ucontext follows.
 */
import { cpuid, STACK_T, UCONTEXT } from "../../../ffi/mod.ts";
import { invariant } from "../../engine-error.ts";
import type { MemoryRange } from "../../kernel/mod.ts";
import type { Task } from "../../tracee/task.ts";
import { TRAP_FLAG } from "./registers.ts";

/**
 * The last fault that raised a signal, which the kernel shows in the frame of every later signal, too (`trap_nr`,
 * `error_code` and `cr2` of struct thread_struct; unsafe_put_sigcontext in arch/x86/kernel/signal_64.c, Linux 6.18).
 */
export interface LastFault {
  /** Vector of the exception. */
  trap: bigint;
  /** Error code of the exception. */
  error: bigint;
  /** Address of the last page fault among them. */
  cr2: bigint;
}

/** No fault has happened yet. */
export const NO_FAULT: LastFault = { trap: 0n, error: 0n, cr2: 0n };

/** Vector of a debug exception (Intel SDM vol. 3, 6.15). */
const DEBUG = 1n;

/** What is shown once a single step has raised a signal. */
export function afterStep(last: LastFault): LastFault {
  return { ...last, trap: DEBUG, error: 0n };
}

/** A task with what its signal frames say. */
type FrameOwner = Task & { lastFault: LastFault };

/** The red zone below a stack pointer, which a signal frame leaves alone (System V ABI, 3.2.2). */
const RED_ZONE = 128;
/** No signal frame is larger, whatever registers the processor has. */
const MAX_FRAME = 65536;
/** Vector of a page fault, the only exception with an address of its own (Intel SDM vol. 3, 6.15). */
const PAGE_FAULT = 14n;

/** Offset of the x87 instruction pointer in what fpstate points to (struct _fpstate_64 in asm/sigcontext.h). */
const X87_POINTER = 8;

/** Leaf of cpuid that tells the size of the registers that XSAVE moves, in ebx (Intel SDM vol. 1, 13.2). */
const XSAVE_LEAF = 0xd;
/** More than a frame has beside these registers. */
const FRAME_HEAD = 1024;

/** Where in memory the frame of a signal may come to lie, if it goes onto the stack at `rsp`. */
export function roomForFrame(rsp: bigint): MemoryRange {
  const length = cpuid(XSAVE_LEAF)[1] + FRAME_HEAD;
  return { address: Number(rsp) - RED_ZONE - length, length };
}

/**
 * The frame of a task that stands at its handler's first instruction: from the new stack pointer to the old one, or to
 * a signal stack's end.
 *
 * @param before Stack pointer that the signal has interrupted.
 */
export function frameOf(task: FrameOwner, before: bigint): MemoryRange {
  const bottom = task.number("rsp");
  const stack = Number(before) - RED_ZONE;
  let top = stack;
  if (bottom > stack || stack - bottom > MAX_FRAME) {
    const ucStack = contextOf(task) + UCONTEXT.stack;
    const sp = Number(read(task, ucStack + STACK_T.sp));
    const length = Number(read(task, ucStack + STACK_T.length));
    top = Math.min(sp + length, bottom + MAX_FRAME);
  }
  return { address: bottom, length: top - bottom };
}

/**
 * Lets a frame say of the last fault what the program's own faults have left.
 *
 * @param isFault The frame is that of a fault of the program, and the kernel has seen no other one since: what it says
 *   is true, and later frames repeat it.
 */
export function mendFault(task: FrameOwner, isFault: boolean): void {
  const context = contextOf(task);
  if (isFault) {
    const trap = read(task, context + UCONTEXT.trap);
    const cr2 = trap === PAGE_FAULT ? read(task, context + UCONTEXT.cr2) : task.lastFault.cr2;
    task.lastFault = { trap, error: read(task, context + UCONTEXT.error), cr2 };
  }
  const { trap, error, cr2 }: LastFault = task.lastFault;
  const { memory } = task.space;
  memory.write(context + UCONTEXT.error, bytesOf(error));
  memory.write(context + UCONTEXT.trap, bytesOf(trap));
  memory.write(context + UCONTEXT.cr2, bytesOf(cr2));
}

/** Lets a frame name the program's last x87 instruction, where it names its translation. */
export function mendFloatingPlace(task: FrameOwner): void {
  const at = Number(read(task, contextOf(task) + UCONTEXT.fpstate)) + X87_POINTER;
  const { memory, cacheSpace } = task.space;
  const place = at === X87_POINTER ? undefined : memory.readU64(at);
  const pc = place ? cacheSpace.cache.placeOf(Number(place)) : undefined;
  if (pc !== undefined) memory.write(at, bytesOf(BigInt(pc)));
}

/**
 * Takes the trap flag out of a frame that the kernel has built in a single step: where the instruction that was interrupted
 * loads flags, it takes that one for the program's own (is_setting_trap_flag in arch/x86/kernel/step.c, Linux 6.18).
 */
export function clearStep(task: FrameOwner): void {
  const at = contextOf(task) + UCONTEXT.eflags;
  const flags = read(task, at);
  if ((flags & TRAP_FLAG) !== 0n) task.space.memory.write(at, bytesOf(flags & ~TRAP_FLAG));
}

/** Where the signal mask lies in the frame of a task that stands at its handler's first instruction. */
export function maskAddress(task: FrameOwner): number {
  return contextOf(task) + UCONTEXT.sigmask;
}

function contextOf(task: FrameOwner): number {
  return task.number("rsp") + 8;
}

function read(task: FrameOwner, address: number): bigint {
  const value = task.space.memory.readU64(address);
  invariant(value !== undefined, "a signal frame that can't be read");
  return value;
}

function bytesOf(value: bigint): Uint8Array {
  return new Uint8Array(new BigUint64Array([value]).buffer);
}
