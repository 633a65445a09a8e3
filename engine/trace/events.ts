/**
 * The events of a trace: everything that a recording must remember to run the same program again.
 *
 * One stream holds the events of all tasks in the order in which they happened; since one task runs at a
 * time, that order *is* the thread schedule. `encode.ts` turns each into bytes, `decode.ts` back.
 */
import type { Registers } from "../arch/x86_64/registers.ts";

export type { Registers };

/** Bytes that the kernel wrote into a task's memory. */
export interface MemoryWrite {
  /** Address of the first byte. */
  address: number;
  bytes: Uint8Array;
}

/**
 * Where an asynchronous event (a signal, a switch) was taken:
 * - `tick`: right before the conditional branch that would be tick `ticks + 1`,
 * - `jump`: right before the back-jump that would be number `jumps + 1` (a loop without conditional branches),
 * - `syscall`: at a system call, before it,
 * - `interrupted`: inside a system call that the signal broke off,
 * - `fault`: at the instruction that caused the signal itself,
 * - `return`: where the task's last event has left it (behind a system call, at the start of a handler).
 * - `place`: where registers and ticks are these, between two instructions, at the first such place behind the last event.
 *
 * A switch alone may be taken at `step`, too: some instructions behind the place of a `tick`.
 */
export const POINTS = ["tick", "jump", "syscall", "interrupted", "fault", "return", "step", "place"] as const;
export type SwitchPoint = (typeof POINTS)[number];
export type Point = Exclude<SwitchPoint, "step">;

/** Most instructions from a branch to a `step`. */
export const MOST_STEPS = 4096;

/** How a task comes to a `step`. */
export interface Steps {
  /** Ticks at the `tick` that it goes on from. */
  from: number;
  /** Instructions from there, 1 to {@link MOST_STEPS}. */
  count: number;
}

/** What every event says of the task that it happened to. */
export interface EventBase {
  /** Thread id of the task, as the program saw it while it was recorded. */
  task: number;
  /** Retired conditional branches of the task up to here. */
  ticks: number;
  /** Registers at the event, before its effect; the pc in them is the app pc of the instruction concerned. */
  registers: Registers;
}

/** One mapping of a fresh or changed address space, and where replay takes its contents from. */
export interface MappingRecord {
  start: number;
  end: number;
  /** PROT_* bits that the program asked for; PROT_GROWSDOWN for a stack. */
  protection: number;
  shared: boolean;
  /** Index in the trace's file list, or -1 for anonymous memory. */
  file: number;
  /**
   * Offset of `start` in that file, in bytes. Of a stack, which grows where it is touched, `start` is the lowest address
   * that it may grow to, and this is how far above that it begins so far.
   */
  offset: number;
  /** What /proc/PID/maps calls it ("[stack]", "[heap]", a path, or ""). */
  name: string;
}

/** A program was started in the task: the whole address space is new. */
export interface ExecEvent extends EventBase {
  kind: "exec";
  path: string;
  /** First address of the heap that brk moves. */
  brk: number;
  mappings: MappingRecord[];
  /** Contents that differ from the mapped files (stack, zeroed tails of .data). */
  writes: MemoryWrite[];
}

/** A system call ended (or was answered by the engine). */
export interface SyscallEvent extends EventBase {
  kind: "syscall";
  /** x86-64 system call number. */
  number: number;
  /** What the program gets: the result or -errno. */
  result: bigint;
  writes: MemoryWrite[];
  /** 1 or 2 where it wrote to the standard output or error that the recorder was given; else 0. */
  stream: 0 | 1 | 2;
  /** Hash (Bun.hash.wyhash) of the bytes it wrote to that stream; 0n where `stream` is 0. */
  outputHash: bigint;
  /**
   * The new mapping of a successful mmap or shmat, or the stack after a call that has changed its limit; else undefined.
   * A stack (named "[stack]") is all that it may grow to.
   */
  mapping?: MappingRecord;
  /** It was not done at all (a filter of the program's has kept it from the kernel): its result is all that came of it. */
  withheld?: true;
}

/** A signal reached the program (or killed it). */
export interface SignalEvent extends EventBase {
  kind: "signal";
  point: Point;
  /** Back-jumps of the task up to here; used with point "jump". */
  jumps: number;
  signal: number;
  /** The siginfo_t as the kernel gave it, 128 bytes. */
  siginfo: Uint8Array;
  /** `handler`: its handler starts; `ignored`: nothing happens; `fatal`: the process ends. */
  disposition: "handler" | "ignored" | "fatal";
  /** The signal frame that the kernel built (handler only). */
  writes: MemoryWrite[];
  /** Registers at the handler's first instruction (handler only; otherwise as `registers`). */
  after: Registers;
}

/**
 * A tracer of the program's own has stopped the task here, and it goes on with other registers than it had: those that the
 * tracer has set, or with a trap flag for a single step. Or it was in a restartable sequence (rseq) where it was interrupted, and goes on
 * at the place that this names.
 */
export interface RegistersEvent extends EventBase {
  kind: "registers";
  point: Point;
  /** Back-jumps of the task up to here; used with point "jump". */
  jumps: number;
  /** What it goes on with; the pc too. */
  after: Registers;
  /** Its floating-point and vector registers as an XSAVE area, where the tracer has set them; else empty. */
  vectors: Uint8Array;
}

/** The task was preempted here and another one goes on. */
export interface SwitchEvent extends EventBase {
  kind: "switch";
  point: SwitchPoint;
  jumps: number;
  /** With point "step" only. */
  steps?: Steps;
}

/** An instruction whose result does not follow from the program's state. */
export interface InstructionEvent extends EventBase {
  kind: "instruction";
  /** "rdtsc", "cpuid", … */
  name: string;
  /** Registers after it; the pc too, which branches change. */
  after: Registers;
  /** Memory that it has written. */
  writes: MemoryWrite[];
}

/** The task made a new one (clone, fork, vfork); the call's own `syscall` event follows, for vfork much later. */
export interface CloneEvent extends EventBase {
  kind: "clone";
  /** Thread id of the new task. */
  child: number;
  /** Its process: the thread group id; equal to `child` unless CLONE_THREAD was given. */
  childProcess: number;
  /** CLONE_* flags; fork is 0, vfork CLONE_VM | CLONE_VFORK. */
  flags: number;
  /** Registers of the new task at its first instruction. */
  after: Registers;
  /** Kernel writes into the new task's memory (CLONE_CHILD_SETTID). */
  writes: MemoryWrite[];
}

/** A task is gone. */
export interface ExitEvent extends EventBase {
  kind: "exit";
  /** Wait status as wait4 gives it. */
  status: number;
  /** Kernel writes at its death (clear_child_tid). */
  writes: MemoryWrite[];
}

/**
 * Memory of the task's process was changed by somebody else than the task: by another process, or by the kernel in
 * the middle of a system call that still sleeps. The task stands where its last event has left it.
 */
export interface MemoryEvent extends EventBase {
  kind: "memory";
  writes: MemoryWrite[];
}

/**
 * A file that is mapped has changed, but not by stores of the program: by a system call, or from outside of the
 * recording. All its mappings show that, in all processes, where a private page is not the process's own yet.
 * The task stands where its last event has left it.
 */
export interface FileEvent extends EventBase {
  kind: "file";
  /** Index in the trace's file list, which says that the file changes. */
  file: number;
  /** Its length from now on: first of all it is cut to that, then extended, then written to. */
  size: number;
  /** What it holds now; the addresses are offsets in the file. */
  writes: MemoryWrite[];
}

/** Something that the user should know of the recording; it has no effect. */
export interface NoteEvent extends EventBase {
  kind: "note";
  /** One line. */
  text: string;
}

/** Sum of the memory in [start, end). */
export interface MemorySum {
  start: number;
  end: number;
  sum: bigint;
}

/** What the memory of the task's process was like: the task stands where its last event has left it. */
export interface ChecksumEvent extends EventBase {
  kind: "checksum";
  sums: MemorySum[];
}

/**
 * System calls, `cpuid` and `rdtsc` that the task has done one after the other, without a stop and without anybody else's running: since its
 * last event, or the last of these. They come before whatever the task did next. `ticks` are those of the last of them;
 * the registers say nothing.
 */
export interface CallsEvent extends EventBase {
  kind: "calls";
  /** How many they are. */
  count: number;
  /** One behind the other; `call-records.ts` reads them. */
  records: Uint8Array;
}

/** The recording is complete, or was stopped in an orderly way. Always the last event. */
export interface EndEvent extends EventBase {
  kind: "end";
  /** `exited`: the first process ended; `interrupted`: the recorder was told to stop; `unsupported`: it gave up. */
  reason: "exited" | "interrupted" | "unsupported";
  /** Wait status of the first process; 0 if it did not end by itself. */
  status: number;
  /** One line for the user; "" if there is nothing to say. */
  message: string;
}

export type TraceEvent =
  | ExecEvent
  | SyscallEvent
  | SignalEvent
  | RegistersEvent
  | SwitchEvent
  | InstructionEvent
  | CloneEvent
  | ExitEvent
  | MemoryEvent
  | FileEvent
  | NoteEvent
  | ChecksumEvent
  | CallsEvent
  | EndEvent;

/** What happened, one by one: the calls of a `calls` event are events of their own. */
export type SingleEvent = Exclude<TraceEvent, CallsEvent>;
