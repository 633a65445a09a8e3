/**
 * The ring of a cache space: what its stub for system calls has done since the task was resumed, or is to give it. One task
 * runs at a time, and takes its records with it when it stops, so that all tasks of a cache space can share one.
 *
 * What a record looks like says `trace/call-records.ts`: a trace has them as they are.
 */
import { SIG } from "../../ffi/mod.ts";
import { invariant, Unsupported } from "../engine-error.ts";
import type { BufferedCall } from "../kernel/buffered.ts";
import { RECORD_HEAD, WRITE_HEAD } from "../trace/mod.ts";
import { CONTEXT, RING_SIZE } from "../translate/context.ts";
import { CALL_DATA, CALL_ENTRY } from "./call-stub.ts";

/** Bytes of a shape: u8 arguments, u8 class of argument 0, u16 most bytes of a record, u8 argument with a count (from 1). */
const SHAPE = 16;
/** In a shape, in place of a length: the result says it. */
const RESULT = 0xffff;
/** Argument 0 has its bit in a bitmap: by the number of that, counted from {@link CALL_DATA.descriptors}. */
const CLASS = { read: 1, written: 2, signal: 16, closed: 17 } as const;
/** Signals that a program's calls are about: 1 to 64. */
const SIGNALS = 64;

/** What `cpuid` has answered: eax and ecx before; eax, ebx, ecx and edx after. */
export type CpuidAnswer = readonly [number, number, number, number, number, number];

/** Bytes of an answer in the context. */
const ANSWER = 24;
/** Most answers that a stub can know: a C library's start asks for some 20. */
export const MOST_ANSWERS = 40;

/** Bytes of each bitmap of descriptors. */
export const BITMAP = 128;

/** Offset of a bitmap of descriptors in the context. */
const bitmapOf = (kind: keyof typeof CLASS): number => CALL_DATA.descriptors + BITMAP * CLASS[kind];

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Most bytes of a call's record, but for those of which an argument says how many they are. */
function mostBytes({ args, writes }: BufferedCall): number {
  const lengths = writes.map(({ bytes }) => WRITE_HEAD + padded(bytes === "result" ? 8 : bytes));
  return RECORD_HEAD + 8 * args + lengths.reduce((sum, length) => sum + length, 0);
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
    this.#set(CONTEXT.askTsc, this.base + CALL_ENTRY.askDirect);
  }

  /** Lets the stub answer instructions while recording. @param answers Those to `cpuid`: none are forgotten. */
  answer(answers: readonly CpuidAnswer[]): void {
    for (let i = this.#told; i < answers.length; i++) {
      this.#u32.set(answers[i]!, (CALL_DATA.answers + ANSWER * i) / 4);
    }
    this.#told = Math.max(this.#told, answers.length);
    this.#u32[CALL_DATA.answerCount / 4] = answers.length;
    this.#set(CONTEXT.askCpuid, this.base + CALL_ENTRY.recordCpuid);
    this.#set(CONTEXT.askTsc, this.base + CALL_ENTRY.recordTsc);
  }

  /** How many answers are there. */
  #told = 0;

  /** Says which calls the stub is to do while recording. */
  allow(calls: readonly BufferedCall[]): void {
    this.#u8.fill(0, CALL_DATA.shapeOf, CALL_DATA.descriptors + 3 * BITMAP);
    for (let signal = 1; signal <= SIGNALS; signal++) {
      // What the program knows of SIGTRAP is not what the kernel knows.
      if (signal === SIG.SIGTRAP) continue;
      const at = bitmapOf("signal") + (signal >> 3);
      this.#u8[at] = this.#u8[at]! | (1 << (signal & 7));
    }
    invariant(SHAPE * (calls.length + 1) <= CALL_DATA.answerCount - CALL_DATA.shapes, "too many shapes");
    calls.forEach((call, i) => {
      const at = CALL_DATA.shapes + SHAPE * (i + 1);
      const [first, second] = call.writes;
      this.#u8[CALL_DATA.shapeOf + call.number] = i + 1;
      this.#u8[at] = call.args;
      const kind = call.ofSignal ? "signal" : call.descriptor;
      this.#u8[at + 1] = kind ? CLASS[kind] : 0;
      this.#view.setUint16(at + 2, mostBytes(call), true);
      // A pointer is more than any count may be: below lies the engine's own memory.
      const bounded = call.count ?? call.setsBy;
      this.#u8[at + 4] = bounded === undefined ? 0 : bounded + 1;
      this.#u8[at + 7] = call.opens ? 1 : 0;
      this.#u8[at + 5] = first ? first.at + 1 : 0;
      this.#u8[at + 6] = second ? second.at + 1 : 0;
      this.#view.setUint16(at + 8, first && first.bytes !== "result" ? first.bytes : RESULT, true);
      this.#view.setUint16(at + 10, second && second.bytes !== "result" ? second.bytes : RESULT, true);
    });
  }

  /** Which descriptors are quiet: those of the task that runs next. */
  setQuiet(kind: "read" | "written" | "closed", bitmap: Uint8Array): void {
    this.#u8.set(bitmap, bitmapOf(kind));
  }

  /** No call reads from a descriptor without a stop, until it is said once more which are quiet. */
  stopReads(): void {
    this.#u8.fill(0, bitmapOf("read"), bitmapOf("read") + BITMAP);
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
