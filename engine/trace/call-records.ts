/**
 * Records of system calls and instructions that were done without a stop, as the code cache's stub leaves them (`tracee/call-ring.ts`) and
 * as a `calls` event has them. Each is a whole number of 8-byte words:
 *
 * u32 size, u16 number, u8 count of arguments, u8 count of writes; u64 ticks; u64 app pc behind the call; i64 result; the
 * arguments, 8 bytes each; and for each write u64 address, u64 length, and the bytes, filled up to whole words.
 *
 * An instruction has a number that no system call has; its result is that of the register which has a call's, and its arguments are the registers
 * that it reads, as they were before it, and then the others that it has written.
 */
import {
  ANSWERED,
  type AnsweredInstruction,
  answeredRegisters,
} from "../arch/x86_64/answered-instructions.ts";
import { fillCallRegisters } from "../arch/x86_64/call-abi.ts";
import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import type {
  CallsEvent,
  InstructionEvent,
  MemoryWrite,
  Registers,
  SingleEvent,
  SyscallEvent,
  TraceEvent,
} from "./events.ts";

/** Bytes of a record before its arguments, and of a write before what is written. */
export const RECORD_HEAD = 32;
export const WRITE_HEAD = 16;

/** Most bytes of records in one event: all that the ring holds. */
export const MAX_RECORDS_BYTES = 0x40000;

/** Offsets in a record. */
const AT = { number: 4, args: 6, writes: 7, ticks: 8, next: 16, result: 24 } as const;

const MOST_ARGUMENTS = 6;
const MOST_WRITES = 2;
/** Records in order, checked as they are read. */
export class CallRecords {
  readonly #view: DataView;
  /** Offset of the record that is looked at, and of the one behind it. */
  #at = 0;
  #next = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * Goes on to the next record.
   *
   * @returns False if there is none.
   * @throws RangeError for what is no record; the message is a clause: "a record of …".
   */
  next(): boolean {
    this.#at = this.#next;
    const left = this.bytes.length - this.#at;
    if (left === 0) return false;
    const size = left < RECORD_HEAD ? left : this.#view.getUint32(this.#at, true);
    if (size < RECORD_HEAD || size > left || size % 8 !== 0) {
      throw new RangeError(`a record of ${size} bytes where ${left} are left`);
    }
    const [args, writes] = [this.bytes[this.#at + AT.args]!, this.bytes[this.#at + AT.writes]!];
    if (args > MOST_ARGUMENTS || writes > MOST_WRITES) {
      throw new RangeError(`a record with ${args} arguments and ${writes} writes`);
    }
    const instruction = ANSWERED.get(this.number);
    if (instruction && (args !== instruction.reads.length + instruction.writes.length || writes > 0)) {
      throw new RangeError(`a record of ${instruction.name} with ${args} registers and ${writes} writes`);
    }
    this.#next = this.#at + size;
    const end = this.#checkWrites(this.#at + RECORD_HEAD + 8 * args, writes);
    if (end !== this.#next)
      throw new RangeError(`a record of ${size} bytes that ends after ${end - this.#at}`);
    return true;
  }

  /** @returns The offset behind the last write. */
  #checkWrites(start: number, count: number): number {
    let at = start;
    for (let left = count; left > 0; left--) {
      const room = this.#next - at - WRITE_HEAD;
      // Higher halves are 0 in what is in bounds.
      const [low, high] =
        room < 0 ? [0, 1] : [this.#view.getUint32(at + 8, true), this.#view.getUint32(at + 12, true)];
      if (high !== 0 || low > room) throw new RangeError("a record with a write that goes beyond it");
      at += WRITE_HEAD + Math.ceil(low / 8) * 8;
    }
    return at;
  }

  /** A 64-bit value as a number, which it is exactly below 2^53. */
  #u64(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 0x100000000;
  }

  /** Offset of the record. */
  get offset(): number {
    return this.#at;
  }

  get number(): number {
    return this.#view.getUint16(this.#at + AT.number, true);
  }

  get ticks(): number {
    return this.#u64(this.#at + AT.ticks);
  }

  /** App pc behind the call. */
  get pc(): bigint {
    return this.#view.getBigUint64(this.#at + AT.next, true);
  }

  get result(): bigint {
    return this.#view.getBigInt64(this.#at + AT.result, true);
  }

  get args(): bigint[] {
    const count = this.bytes[this.#at + AT.args]!;
    return Array.from({ length: count }, (_, i) =>
      this.#view.getBigUint64(this.#at + RECORD_HEAD + 8 * i, true),
    );
  }

  /** How many writes it has. */
  get writeCount(): number {
    return this.bytes[this.#at + AT.writes]!;
  }

  /** Calls back with each write: its address, and where its bytes are. */
  eachWrite(each: (address: number, from: number, length: number) => void): void {
    let at = this.#at + RECORD_HEAD + 8 * this.bytes[this.#at + AT.args]!;
    for (let left = this.writeCount; left > 0; left--) {
      const address = this.#u64(at);
      const length = this.#view.getUint32(at + 8, true);
      each(address, at + WRITE_HEAD, length);
      at += WRITE_HEAD + Math.ceil(length / 8) * 8;
    }
  }

  /** The writes, as views of the record. */
  get writes(): MemoryWrite[] {
    const writes: MemoryWrite[] = [];
    this.eachWrite((address, from, length) => {
      writes.push({ address, bytes: this.bytes.subarray(from, from + length) });
    });
    return writes;
  }
}

/**
 * A record as the event that the same call or instruction would have been with a stop.
 *
 * @param others What takes the place of registers that no record has. @default zeros
 */
export function callEvent(
  task: number,
  record: CallRecords,
  others?: Registers,
): SyscallEvent | InstructionEvent {
  const registers = others?.slice() ?? new BigUint64Array(REGISTER_COUNT);
  const instruction = ANSWERED.get(record.number);
  if (instruction) return instructionEvent(task, record, instruction, registers);
  fillCallRegisters(registers, record.number, record.pc, record.args);
  const { number, ticks, result, writes } = record;
  return { kind: "syscall", task, ticks, registers, number, result, writes, stream: 0, outputHash: 0n };
}

function instructionEvent(
  task: number,
  record: CallRecords,
  instruction: AnsweredInstruction,
  registers: Registers,
): InstructionEvent {
  const { name } = instruction;
  const after = answeredRegisters(instruction, registers, record);
  return { kind: "instruction", task, ticks: record.ticks, registers, name, after, writes: [] };
}

function* callEvents({ task, records }: CallsEvent): Iterable<SyscallEvent | InstructionEvent> {
  const each = new CallRecords(records);
  while (each.next()) yield callEvent(task, each);
}

/** How many things that happened an event tells of: one, but for a `calls` event. */
export function eventCount(event: TraceEvent): number {
  return event.kind === "calls" ? event.count : 1;
}

/**
 * What an event tells of, one by one: the calls of a `calls` event, else the event itself.
 *
 * @param position Index of the last of them, as the reader has it.
 */
export function* singleEvents(
  event: TraceEvent,
  position: number,
): Iterable<[index: number, event: SingleEvent]> {
  if (event.kind !== "calls") {
    yield [position, event];
    return;
  }
  let index = position - event.count + 1;
  for (const single of callEvents(event)) yield [index++, single];
}
