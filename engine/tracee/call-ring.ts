/**
 * The ring of a cache space: what its stub for system calls has done since the task was resumed, or is to give it. One task
 * runs at a time, and takes its records with it when it stops, so that all tasks of a cache space can share one.
 *
 * What a record looks like says `trace/call-records.ts`: a trace has them as they are.
 */
import { SIG } from "../../ffi/mod.ts";
import type { ProcessorAnswer } from "../arch/x86_64/answered-instructions.ts";
import { invariant, Unsupported } from "../engine-error.ts";
import { type BufferedCall, type BufferedWrite, type FlowWay, SLEEPERS } from "../kernel/mod.ts";
import { RECORD_HEAD, WRITE_HEAD } from "../trace/mod.ts";
import { CONTEXT, RING_SIZE } from "../translate/context.ts";
import { CALL_DATA, CALL_ENTRY } from "./call-stub.ts";
import { MOST_DEVICES, OPEN_ROOM } from "./open-stub.ts";

/**
 * Bytes of a shape: u8 arguments, u8 class of argument 0, u16 most bytes of a record, u8 argument with a count and two
 * arguments with addresses (from 1), u8 way; two u16 lengths of what is written; u8 class and u8 way where argument 0 is not in
 * the first class; u8 bytes of a unit, u8 whom it wakes.
 */
const SHAPE = 16;
/** In a shape, in place of a length: as many units as the argument with the count says, or the result. */
const LENGTH = { count: 0xfffe, result: 0xffff } as const;
/**
 * Argument 0 has its bit in a bitmap: by the number of that, counted from {@link CALL_DATA.descriptors}. Behind those by which
 * nothing ever waits to be received or sent come those by which it may.
 */
const CLASS = {
  read: 1,
  written: 2,
  signal: 16,
  closed: 17,
  /** Nothing is in here. */
  none: 18,
  received: 19,
  receivedInTime: 20,
  sent: 21,
  sentInTime: 22,
} as const;

/** Ways of the stub: those of calls that could wait are in `flow-stub.ts`. */
const WAY: Readonly<Record<FlowWay | "open" | "register" | "action", number>> = {
  open: 1,
  read: 2,
  write: 3,
  message: 4,
  header: 5,
  vector: 6,
  poll: 7,
  events: 8,
  wake: 9,
  maskedEvents: 10,
  register: 11,
  action: 12,
};
/** Together with a way, of what may wait: not at all, since nobody says how much it is; or only a little at once. */
const UNLESS_WAITING = 0x20;
const LITTLE = 0x40;

/** Signals that a program's calls are about: 1 to 64. */
const SIGNALS = 64;
/** Bytes of what is kept of a signal's action. */
const ACTION = 16;

/** Numbers of system calls that the stub has a shape for, or none. */
const MOST_CALLS = 512;

/** Bytes of an answer in the context. */
const ANSWER = 24;
/** Most answers that a stub can know: a C library's start asks for some 20. */
export const MOST_ANSWERS = 40;

/** Bytes of each bitmap of descriptors. */
export const BITMAP = 128;

/** Offset of a bitmap of descriptors in the context. */
const bitmapOf = (kind: keyof typeof CLASS): number => CALL_DATA.descriptors + BITMAP * CLASS[kind];

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Most bytes that a call needs for its record, but for those of which an argument says how many they are. */
function mostBytes({ args, writes, opens }: BufferedCall): number {
  if (opens) return OPEN_ROOM;
  const lengths = writes.map(({ bytes }) => WRITE_HEAD + padded(typeof bytes === "string" ? 8 : bytes));
  return RECORD_HEAD + 8 * args + lengths.reduce((sum, length) => sum + length, 0);
}

/** What a shape says of the length of what is written. */
function lengthOf(write: BufferedWrite | undefined): number {
  if (write === undefined) return LENGTH.result;
  return typeof write.bytes === "string" ? LENGTH[write.bytes] : write.bytes;
}

/** Whether a call is none that quiet descriptors, or no descriptors, are enough for. */
function mightWait({ way, alone, flow, descriptor }: BufferedCall): boolean {
  return way !== undefined || alone === true || (flow !== undefined && descriptor === undefined);
}

/** What a shape says of the way by pipes and sockets. */
function wayOf({ direction, way }: NonNullable<BufferedCall["flow"]>): number {
  const isTold = way === "write" || way === "message";
  const bound = direction === "received" ? 0 : isTold ? LITTLE : UNLESS_WAITING;
  return WAY[way] | bound;
}

/** Reads and fills the ring of one cache space, and sets what its stub may do. */
export class CallRing {
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #view: DataView;

  /**
   * @param context The tracer's view of the context.
   * @param base Where the tracee has it.
   */
  constructor(
    context: { u8: Uint8Array; u32: Uint32Array; view: DataView },
    private readonly base: number,
  ) {
    this.#u8 = context.u8;
    this.#u32 = context.u32;
    this.#view = context.view;
    this.direct();
    this.#rewind();
  }

  /** Sets an address in the context; all of them are below 2 GiB. */
  #set(offset: number, value: number): void {
    this.#u32[offset / 4] = value;
    this.#u32[offset / 4 + 1] = Math.floor(value / 0x100000000);
  }

  get #start(): number {
    return this.base + CONTEXT.ring;
  }

  #rewind(): void {
    this.#set(CALL_DATA.cursor, this.#start);
    this.#set(CALL_DATA.limit, this.#start);
    this.#u32[CALL_DATA.count / 4] = 0;
  }

  /** Lets all system calls be done where they are, and all instructions trap. */
  direct(): void {
    this.#set(CONTEXT.callStub, this.base + CALL_ENTRY.direct);
    this.trapInstructions();
  }

  /** Lets all instructions trap. */
  trapInstructions(): void {
    this.#set(CONTEXT.askCpuid, this.base + CALL_ENTRY.askDirect);
    this.trapTimeStamps();
  }

  /** Lets the stub answer instructions while recording. @param answers Those to `cpuid`: none are forgotten. */
  answer(answers: readonly ProcessorAnswer[]): void {
    for (let i = this.#told; i < answers.length; i++) {
      this.#u32.set(answers[i]!, (CALL_DATA.answers + ANSWER * i) / 4);
    }
    this.#told = Math.max(this.#told, answers.length);
    this.#u32[CALL_DATA.answerCount / 4] = answers.length;
    this.#set(CONTEXT.askCpuid, this.base + CALL_ENTRY.recordCpuid);
    this.#set(CONTEXT.askTsc, this.base + CALL_ENTRY.recordTsc);
  }

  /** Lets `rdtsc` trap, whatever else is answered. */
  trapTimeStamps(): void {
    this.#set(CONTEXT.askTsc, this.base + CALL_ENTRY.askDirect);
  }

  /** How many answers are there. */
  #told = 0;

  /**
   * Says which calls the stub is to do while recording.
   *
   * @param flows Whether those are among them that might wait.
   */
  allow(calls: readonly BufferedCall[], flows: boolean): void {
    this.#u8.fill(0, CALL_DATA.shapeOf, CALL_DATA.shapeOf + MOST_CALLS);
    this.#u8.fill(0, CALL_DATA.shapes, CALL_DATA.shapes + SHAPE * (calls.length + 1));
    for (let signal = 1; signal <= SIGNALS; signal++) {
      // What the program knows of SIGTRAP is not what the kernel knows.
      if (signal === SIG.SIGTRAP) continue;
      const at = bitmapOf("signal") + (signal >> 3);
      this.#u8[at] = this.#u8[at]! | (1 << (signal & 7));
    }
    invariant(CALL_DATA.shapes + SHAPE * (calls.length + 1) <= CALL_DATA.actions, "too many shapes");
    this.#alone.clear();
    calls.forEach((call, i) => {
      if (!flows && mightWait(call)) return;
      const at = CALL_DATA.shapes + SHAPE * (i + 1);
      const [first, second] = call.writes;
      this.#u8[CALL_DATA.shapeOf + call.number] = call.alone ? 0 : i + 1;
      if (call.alone) this.#alone.set(call.number, i + 1);
      this.#u8[at] = call.args;
      const kind = call.ofSignal ? "signal" : (call.descriptor ?? (call.flow && "none"));
      this.#u8[at + 1] = kind ? CLASS[kind] : 0;
      this.#view.setUint16(at + 2, mostBytes(call), true);
      // A pointer is more than any count may be: below lies the engine's own memory.
      const bounded = call.count ?? call.setsBy;
      this.#u8[at + 4] = bounded === undefined ? 0 : bounded + 1;
      const way = call.opens ? "open" : call.registers ? "register" : call.ofSignal ? "action" : call.way;
      this.#u8[at + 7] = way ? WAY[way] : 0;
      this.#u8[at + 5] = first ? first.at + 1 : 0;
      this.#u8[at + 6] = second ? second.at + 1 : 0;
      this.#view.setUint16(at + 8, lengthOf(first), true);
      this.#view.setUint16(at + 10, lengthOf(second), true);
      this.#u8[at + 12] = flows && call.flow ? CLASS[call.flow.direction] : 0;
      this.#u8[at + 13] = call.flow ? wayOf(call.flow) : 0;
      this.#u8[at + 14] = call.unit;
      this.#u8[at + 15] = call.wakes ? SLEEPERS[call.wakes] : 0;
    });
  }

  /** Calls that are done without a stop only while nobody else is ready to run, and their shapes. */
  readonly #alone = new Map<number, number>();

  /** Whether nobody else is ready to run, and who sleeps that the task could wake: bits of {@link SLEEPERS}. */
  setOthers(isAlone: boolean, sleepers: number): void {
    for (const [number, shape] of this.#alone) this.#u8[CALL_DATA.shapeOf + number] = isAlone ? shape : 0;
    this.#u8[CALL_DATA.sleepers] = sleepers;
  }

  /** Whether the task that runs next has no area of restartable sequences. */
  setUnregistered(is: boolean): void {
    this.#u8[CALL_DATA.unregistered] = is ? 1 : 0;
  }

  /** The action that was set last for a signal: the first fields of a struct kernel_sigaction. */
  actionOf(signal: number): Uint8Array {
    const at = CALL_DATA.actions + ACTION * signal;
    return this.#u8.subarray(at, at + ACTION);
  }

  /** Who may have been woken since this was asked last. */
  takeWoken(): number {
    const woken = this.#u8[CALL_DATA.woken]!;
    this.#u8[CALL_DATA.woken] = 0;
    return woken;
  }

  /** Which descriptors are quiet: those of the task that runs next. */
  setQuiet(kind: Exclude<keyof typeof CLASS, "signal" | "none">, bitmap: Uint8Array): void {
    this.#u8.set(bitmap, bitmapOf(kind));
  }

  /** The devices whose files may be opened without a stop; those that there is no room for are left out. */
  setDevices(devices: Iterable<bigint>): void {
    const known = [...devices].slice(0, MOST_DEVICES);
    for (let i = 0; i < MOST_DEVICES; i++)
      this.#view.setBigUint64(CALL_DATA.devices + 8 * i, known[i] ?? 0n, true);
  }

  /**
   * Lets the stub make a call that the tracer has looked at.
   *
   * @param site Address of its own `syscall`, where it is made once more if it fails.
   * @param args The program's first three arguments.
   */
  goAhead(site: number, number: number, args: readonly [bigint, bigint, bigint]): void {
    this.#set(CALL_DATA.target, site + 2);
    this.#set(CALL_DATA.aheadSite, site);
    this.#set(CALL_DATA.aheadNumber, number);
    args.forEach((argument, i) => {
      this.#view.setBigUint64(CALL_DATA.aheadArguments + 8 * i, argument, true);
    });
    this.#u32[CALL_DATA.aheadDone / 4] = 0;
  }

  /** The result of that call; undefined if it has not succeeded, or was taken before. */
  takeAhead(): bigint | undefined {
    if (this.#u32[CALL_DATA.aheadDone / 4] === 0) return undefined;
    this.#u32[CALL_DATA.aheadDone / 4] = 0;
    return this.#view.getBigInt64(CALL_DATA.aheadResult, true);
  }

  /** No call reads from a descriptor without a stop, until it is said once more which are quiet. */
  stopReads(): void {
    for (const kind of ["read", "received", "receivedInTime"] as const)
      this.#u8.fill(0, bitmapOf(kind), bitmapOf(kind) + BITMAP);
  }

  /**
   * Ticks of the task that runs next, together with what its counters are armed with.
   */
  setTicks(base: number): void {
    this.#set(CALL_DATA.ticksBase, base);
  }

  /** Lets the stub record into up to so many bytes. */
  record(bytes = RING_SIZE): void {
    this.#set(CONTEXT.callStub, this.base + CALL_ENTRY.record);
    this.#set(CALL_DATA.limit, this.#start + Math.min(bytes, RING_SIZE));
  }

  /** How many records there are. */
  get count(): number {
    return this.#u32[CALL_DATA.count / 4]!;
  }

  /** Bytes of the ring that the stub is through with. @throws Unsupported if the program has written there. */
  get #used(): number {
    const used = this.#u32[CALL_DATA.cursor / 4]! - this.#start;
    if (used >= 0 && used <= RING_SIZE && used % 8 === 0) return used;
    throw new Unsupported(
      "Cannot go on: the program has changed the engine's memory (the ring of system calls)",
    );
  }

  /** The records that there are, as a view of the ring; it is empty afterwards. */
  take(): Uint8Array {
    const start = CONTEXT.ring;
    const taken = this.#u8.subarray(start, start + this.#used);
    this.#rewind();
    return taken;
  }

  /** Gives the stub records of a trace; it has to be {@link isDone} before. */
  feed(records: Uint8Array): void {
    this.#rewind();
    this.#u8.set(records, CONTEXT.ring);
    this.#set(CALL_DATA.limit, this.#start + records.length);
    this.#set(CONTEXT.callStub, this.base + CALL_ENTRY.replay);
    this.#set(CONTEXT.askCpuid, this.base + CALL_ENTRY.replayCpuid);
    this.#set(CONTEXT.askTsc, this.base + CALL_ENTRY.replayTsc);
  }

  /** How many bytes of the records that it was given the stub is through with. */
  get consumed(): number {
    return this.#used;
  }

  /** Whether nothing is left of them. */
  get isDone(): boolean {
    return this.#u32[CALL_DATA.cursor / 4] === this.#u32[CALL_DATA.limit / 4];
  }
}
