/**
 * The fixed parts: what every tracee has at the same low address, and shares with the tracer. First comes the context:
 * counters, spilled registers and a scratch area, and the lookup table; behind it come the stubs.
 *
 * Code in the cache reaches them by absolute 32-bit addressing, so that no register and no segment of the
 * program is taken. One task runs at a time, so one context serves all tasks that share a code cache.
 *
 * Should the program want to have memory where they are, they move: the addresses below are those of what is translated
 * from then on. A cache space keeps those that it was made with, and is replaced before a task runs in it again.
 */

/** Where the fixed parts begin at first: the lowest address that vm.mmap_min_addr (65536) allows. */
export const USUAL_BASE = 0x10000;
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
  /** Where system calls of the program go: the address of one of the entries of the stub for them. */
  callStub: 168,
  /** What that stub works with (`tracee/call-stub.ts`): its own stack ends where the scratch area begins. */
  calls: 176,
  /** rbx and rdx of the program on its way to the stub for instructions. */
  asked: 224,
  /** Where `cpuid` and `rdtsc` of the program go: addresses of entries of that stub. */
  askCpuid: 240,
  askTsc: 248,
  /** What has retired, 64 bits each, where that is counted (`retired-quantities.ts`). Only the program's own code adds to it. */
  retired: 256,
  /** Lower half of the app pc of the indirect branch that was taken last. */
  branch: 152,
  /** Target of the gadget that takes a branch. */
  branchTarget: 160,
  /** What the x87 unit says of its last instruction (`x87-emission.ts`): by fxsave64, aligned to 16 bytes, and by fnstenv. */
  x87State: 2048,
  x87Environment: 2560,
  /** Not 0: each instruction that stores that traps, whatever it would store. */
  x87Always: 2592,
  /** Room for the tracer: strings and structures for system calls that it makes in the tracee's name. */
  scratch: 8192,
  /** The lookup table of indirect jumps: one code-cache address for each value of the low 16 bits of the target. */
  table: 0x10000,
  /** The records of system calls that were done without a stop. */
  ring: 0x90000,
} as const;

export const TABLE_ENTRIES = 65536;
/** Bytes of {@link CONTEXT.ring}: some 3,000 calls. */
export const RING_SIZE = 0x40000;
/** Context, table and ring together, in bytes. */
export const CONTEXT_SIZE = CONTEXT.ring + RING_SIZE;
/**
 * Bytes of the stubs: what of a code cache belongs to one cache space alone and has to be executed. The gadgets come
 * first, at the same addresses in all cache spaces, so that translations can lead to them whichever cache space they are used in.
 */
export const STUBS_SIZE = 1 << 21;
/** Where in them the stub for system calls is, and the first byte behind it. */
export const CALL_STUB = { start: 0x40, end: 0x1000 } as const;
/** Bytes of all fixed parts. */
export const FIXED_SIZE = CONTEXT_SIZE + STUBS_SIZE;

/** Address of the context, and of the fixed parts as a whole. */
export let CONTEXT_BASE = USUAL_BASE;
export let TABLE_BASE = CONTEXT_BASE + CONTEXT.table;
export let STUBS_BASE = CONTEXT_BASE + CONTEXT_SIZE;

/** `syscall; int3`, for system calls that the tracer makes in the tracee. */
export let SYSCALL_GADGET = STUBS_BASE;
/** An `int3`. */
export let STOP_GADGET = STUBS_BASE + 3;
/** Where indirect branches end that no entry is known for. */
export let MISS_STUB = STUBS_BASE + 4;
/** A jump to the context's `branchTarget`, in front of everything else of the stubs. */
export let BRANCH_GADGET = STUBS_BASE + 16;

/** Lets cache spaces that are made from now on have their fixed parts at another address, below 2 GiB. */
export function moveFixedParts(base: number): void {
  CONTEXT_BASE = base;
  TABLE_BASE = base + CONTEXT.table;
  STUBS_BASE = base + CONTEXT_SIZE;
  SYSCALL_GADGET = STUBS_BASE;
  STOP_GADGET = STUBS_BASE + 3;
  MISS_STUB = STUBS_BASE + 4;
  BRANCH_GADGET = STUBS_BASE + 16;
}

/** Absolute address of a counter in a tracee. */
export function counterAddress(index: number): number {
  return CONTEXT_BASE + CONTEXT.counters + 4 * index;
}
