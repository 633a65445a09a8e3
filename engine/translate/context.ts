/**
 * The context: a few pages at a fixed low address of every tracee, shared with the tracer.
 *
 * Code in the cache reaches them by absolute 32-bit addressing, so that no register and no segment of the
 * program is taken. One task runs at a time, so one context serves all tasks that share a code cache.
 */

/** Address of the context in a tracee: the lowest one that vm.mmap_min_addr (65536) allows. */
export const CONTEXT_BASE = 0x10000;
/** Number of tick counters; sites take them in turn, so that their store-forward chains run in parallel. */
export const TICK_COUNTERS = 16;
/** Index of the counter of back-jumps, behind the tick counters. */
export const JUMP_COUNTER = TICK_COUNTERS;

/** Offsets in the context, in bytes. Counters are 32 bits wide. */
export const CONTEXT = {
  counters: 0,
  /** rcx and rax of the program while an indirect jump looks up its target. */
  spilledRcx: 128,
  spilledRax: 136,
  /** rcx of the program in a tick update that must leave the flags alone. */
  tickRcx: 144,
  /** Room for the tracer: strings and structures for system calls that it makes in the tracee's name. */
  scratch: 4096,
} as const;

/** The lookup table of indirect jumps: one code-cache address for each value of the low 16 bits of the target. */
export const TABLE_BASE = 0x20000;
export const TABLE_ENTRIES = 65536;
/** Context and table together, in bytes. */
export const CONTEXT_SIZE = TABLE_BASE + TABLE_ENTRIES * 8 - CONTEXT_BASE;

/** Absolute address of a counter in a tracee. */
export function counterAddress(index: number): number {
  return CONTEXT_BASE + CONTEXT.counters + 4 * index;
}

/**
 * The stubs, behind the table: what of a code cache belongs to one image alone and has to be executed. The gadgets come
 * first, at the same addresses in all images, so that translations can lead to them whichever image they are used in.
 */
export const STUBS_BASE = CONTEXT_BASE + CONTEXT_SIZE;
export const STUBS_SIZE = 1 << 21;

/** `syscall; int3`, for system calls that the tracer makes in the tracee. */
export const SYSCALL_GADGET = STUBS_BASE;
/** An `int3`. */
export const STOP_GADGET = STUBS_BASE + 3;
/** Where indirect branches end that no entry is known for. */
export const MISS_STUB = STUBS_BASE + 4;
