/** Turns the bytes of a chunk back into events: the reading half of the codec, for untrusted bytes. */

import { ByteReader, MalformedError } from "./byte-reader.ts";
import { CallRecords, MAX_RECORDS_BYTES } from "./call-records.ts";
import {
  type EventBase,
  type MappingRecord,
  type MemorySum,
  type MemoryWrite,
  MOST_STEPS,
  POINTS,
  type Point,
  type SwitchEvent,
  type TraceEvent,
} from "./events.ts";
import {
  DISPOSITIONS,
  KINDS,
  MAX_VECTORS_BYTES,
  MIN_EVENT_BYTES,
  MIN_MAPPING_BYTES,
  REASONS,
  SIGINFO_BYTES,
  SUM_BYTES,
  SYSCALL_EXTRAS,
  WRITE_HEAD_BYTES,
} from "./layout.ts";
import { MAX_MAPPINGS, MAX_WRITES } from "./limits.ts";
import { RegisterDecoder } from "./register-delta.ts";

/** Decodes the events of one chunk in order. */
export class EventDecoder {
  readonly #from: ByteReader;
  readonly #registers = new RegisterDecoder();
  readonly #fileCount: number;

  /**
   * @param bytes The chunk's events. Memory writes of the decoded events are views on it.
   * @param fileCount Length of the trace's file list: mappings must not refer beyond it.
   */
  constructor(bytes: Uint8Array, fileCount: number) {
    this.#from = new ByteReader(bytes);
    this.#fileCount = fileCount;
  }

  /** Offset of the next event in the chunk. */
  get position(): number {
    return this.#from.position;
  }

  /** Bytes that are not decoded yet. */
  get remaining(): number {
    return this.#from.remaining;
  }

  /**
   * Decodes the next event.
   *
   * @throws {MalformedError} If the bytes are not an event.
   */
  next(): TraceEvent {
    const from = this.#from;
    const size = from.u32();
    if (size < MIN_EVENT_BYTES) throw new MalformedError(`an event of ${size} bytes is too small`);
    from.restrict(size - 4);
    const kind = from.oneOf(KINDS);
    const task = from.i32();
    const ticks = from.u64();
    const registers = kind === "calls" ? this.#registers.none(from) : this.#registers.decode(from, task);
    const event = this.#body(kind, { task, ticks, registers });
    if (from.remaining !== 0)
      throw new MalformedError(`${from.remaining} bytes are left over in a ${kind} event`);
    from.restrict(undefined);
    return event;
  }

  #body(kind: TraceEvent["kind"], base: EventBase): TraceEvent {
    const from = this.#from;
    const { task, ticks, registers } = base;
    switch (kind) {
      case "syscall": {
        const number = from.i32();
        const result = from.bigI64();
        const stream = this.#stream();
        const outputHash = from.bigU64();
        const extra = from.oneOf(SYSCALL_EXTRAS);
        const mapping = extra === "mapping" ? this.#mapping() : undefined;
        const writes = this.#writes();
        const event = { kind, task, ticks, registers, number, result, writes, stream, outputHash };
        if (extra === "withheld") return { ...event, withheld: true };
        return mapping === undefined ? event : { ...event, mapping };
      }
      case "switch":
        return { kind, task, ticks, registers, ...this.#switchPoint(ticks) };
      case "instruction":
        return {
          kind,
          task,
          ticks,
          registers,
          name: from.text(),
          after: this.#registers.decode(from, task),
          // Version 2 had no writes.
          writes: from.remaining === 0 ? [] : this.#writes(),
        };
      case "signal":
        return {
          kind,
          task,
          ticks,
          registers,
          point: this.#point(),
          jumps: from.u64(),
          signal: from.i32(),
          disposition: from.oneOf(DISPOSITIONS),
          siginfo: from.raw(SIGINFO_BYTES),
          after: this.#registers.decode(from, task),
          writes: this.#writes(),
        };
      case "registers":
        return {
          kind,
          task,
          ticks,
          registers,
          point: this.#point(),
          jumps: from.u64(),
          after: this.#registers.decode(from, task),
          vectors: this.#vectors(),
        };
      case "exec": {
        const path = from.text();
        const brk = from.u64();
        const mappings: MappingRecord[] = [];
        for (let left = from.count(MIN_MAPPING_BYTES, MAX_MAPPINGS); left > 0; left--)
          mappings.push(this.#mapping());
        return { kind, task, ticks, registers, path, brk, mappings, writes: this.#writes() };
      }
      case "clone": {
        const child = from.i32();
        const childProcess = from.i32();
        const flags = from.u64();
        const after = this.#registers.decode(from, child);
        return { kind, task, ticks, registers, child, childProcess, flags, after, writes: this.#writes() };
      }
      case "exit":
        return { kind, task, ticks, registers, status: from.i32(), writes: this.#writes() };
      case "memory":
        return { kind, task, ticks, registers, writes: this.#writes() };
      case "file":
        return {
          kind,
          task,
          ticks,
          registers,
          file: this.#file(),
          size: from.u64(),
          writes: this.#writes(),
        };
      case "checksum": {
        const sums: MemorySum[] = [];
        for (let left = from.count(SUM_BYTES, MAX_MAPPINGS); left > 0; left--) {
          sums.push({ start: from.u64(), end: from.u64(), sum: from.bigU64() });
        }
        return { kind, task, ticks, registers, sums };
      }
      case "calls":
        return { kind, task, ticks, registers, ...this.#calls() };
      case "note":
        return { kind, task, ticks, registers, text: from.text() };
      case "end":
        return {
          kind,
          task,
          ticks,
          registers,
          reason: from.oneOf(REASONS),
          status: from.i32(),
          message: from.text(),
        };
    }
  }

  /** A point that is no step. */
  #point(): Point {
    const point = this.#from.oneOf(POINTS);
    if (point === "step")
      throw new MalformedError("a signal, or registers, are taken at a step, where only switches are");
    return point;
  }

  #vectors(): Uint8Array {
    const size = this.#from.u32();
    if (size > MAX_VECTORS_BYTES) throw new MalformedError(`a vector state of ${size} bytes`);
    return this.#from.raw(size);
  }

  #switchPoint(ticks: number): Pick<SwitchEvent, "point" | "jumps" | "steps"> {
    const point = this.#from.oneOf(POINTS);
    const jumps = this.#from.u64();
    if (point !== "step") return { point, jumps };
    const steps = { from: this.#from.u64(), count: this.#from.u32() };
    if (steps.from > ticks || steps.count === 0 || steps.count > MOST_STEPS)
      throw new MalformedError(`${steps.count} steps from tick ${steps.from} do not lead to tick ${ticks}`);
    return { point, jumps, steps };
  }

  #calls(): { count: number; records: Uint8Array } {
    const count = this.#from.u32();
    const size = this.#from.u32();
    if (count === 0 || size > MAX_RECORDS_BYTES) {
      throw new MalformedError(
        `${count} calls in ${size} bytes are none, or more than a recording keeps at once`,
      );
    }
    const records = this.#from.raw(size);
    const each = new CallRecords(records);
    let found = 0;
    try {
      while (each.next()) found++;
    } catch (error) {
      throw new MalformedError(`its calls are damaged: ${(error as RangeError).message}`);
    }
    if (found !== count) throw new MalformedError(`${count} calls are said to be there, and ${found} are`);
    return { count, records };
  }

  #stream(): 0 | 1 | 2 {
    const stream = this.#from.u8();
    if (stream === 0 || stream === 1 || stream === 2) return stream;
    throw new MalformedError(`stream ${stream} is none of 0, 1, 2`);
  }

  #flag(): boolean {
    const flag = this.#from.u8();
    if (flag > 1) throw new MalformedError(`flag ${flag} is neither 0 nor 1`);
    return flag === 1;
  }

  #mapping(): MappingRecord {
    const from = this.#from;
    const start = from.u64();
    const end = from.u64();
    const protection = from.u32();
    const shared = this.#flag();
    const file = from.i32();
    const offset = from.u64();
    const name = from.text();
    if (end <= start) throw new MalformedError(`a mapping ends at ${end}, not behind its start at ${start}`);
    if (file < -1 || file >= this.#fileCount) {
      throw new MalformedError(`a mapping refers to file ${file}, but there are ${this.#fileCount} files`);
    }
    return { start, end, protection, shared, file, offset, name };
  }

  #file(): number {
    const file = this.#from.u32();
    if (file < this.#fileCount) return file;
    throw new MalformedError(`file ${file} changes, but there are ${this.#fileCount} files`);
  }

  #writes(): MemoryWrite[] {
    const from = this.#from;
    const writes: MemoryWrite[] = [];
    for (let left = from.count(WRITE_HEAD_BYTES, MAX_WRITES); left > 0; left--) {
      const address = from.u64();
      writes.push({ address, bytes: from.raw(from.u32()) });
    }
    return writes;
  }
}
