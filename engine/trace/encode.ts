/** Turns events into bytes: the writing half of the codec. `docs/trace-format.md` has the layout. */
import { ByteWriter } from "./byte-writer.ts";
import {
  type MappingRecord,
  type MemoryWrite,
  POINTS,
  type SyscallEvent,
  type TraceEvent,
} from "./events.ts";
import {
  DISPOSITIONS,
  EVENT_HEAD_BYTES,
  KINDS,
  MAX_VECTORS_BYTES,
  MIN_MAPPING_BYTES,
  REASONS,
  SIGINFO_BYTES,
  SUM_BYTES,
  SYSCALL_EXTRAS,
  WRITE_HEAD_BYTES,
} from "./layout.ts";
import { CUT_BYTES } from "./limits.ts";
import { MAX_REGISTERS_BYTES, RegisterEncoder } from "./register-delta.ts";

/** More than the parts of any event that do not vary: head, two sets of registers, counts, siginfo. */
const FIXED_BYTES = EVENT_HEAD_BYTES + 2 * MAX_REGISTERS_BYTES + SIGINFO_BYTES + 64;

/** UTF-8 bytes that one UTF-16 unit can take. */
const UTF8_BYTES_PER_UNIT = 3;

/** Collects encoded events until the writer cuts a chunk. */
export class EventEncoder {
  readonly #out = new ByteWriter(CUT_BYTES + CUT_BYTES / 4);
  readonly #registers = new RegisterEncoder();
  #count = 0;

  /** Events since the last {@link clear}. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of these events. */
  get length(): number {
    return this.#out.length;
  }

  /** The encoded events, as a view that the next event may overwrite. */
  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  /** Starts a new chunk: drops all events, and the registers that they were relative to. */
  clear(): void {
    this.#out.truncate(0);
    this.#registers.clear();
    this.#count = 0;
  }

  /**
   * Appends an event. Nothing of it is kept: the caller may reuse its objects and buffers.
   *
   * @throws {RangeError} If a value does not fit the format. The event is then left out, but the registers
   * may be ahead of it: the caller has to cut the chunk before it goes on.
   */
  encode(event: TraceEvent): void {
    const out = this.#out;
    const start = out.length;
    out.reserve(sizeBound(event));
    try {
      out.u32(0);
      out.u8(KINDS.indexOf(event.kind));
      out.u32(event.task);
      out.u64(event.ticks);
      if (event.kind === "calls") this.#registers.encodeNone(out);
      else this.#registers.encode(out, event.task, event.registers);
      this.#body(event);
    } catch (error) {
      out.truncate(start);
      throw error;
    }
    out.patchU32(start, out.length - start);
    this.#count++;
  }

  #body(event: TraceEvent): void {
    const out = this.#out;
    switch (event.kind) {
      case "syscall":
        out.u32(event.number);
        out.big64(event.result);
        out.u8(event.stream);
        out.big64(event.outputHash);
        out.u8(SYSCALL_EXTRAS.indexOf(extraOf(event)));
        if (event.mapping !== undefined) putMapping(out, event.mapping);
        putWrites(out, event.writes);
        return;
      case "switch":
        out.u8(POINTS.indexOf(event.point));
        out.u64(event.jumps);
        if ((event.point === "step") !== (event.steps !== undefined))
          throw new RangeError(
            `Cannot encode a switch as 'steps' go with the point "step": current point is ${event.point}`,
          );
        if (event.steps === undefined) return;
        out.u64(event.steps.from);
        out.u32(event.steps.count);
        return;
      case "instruction":
        out.text(event.name);
        this.#registers.encode(out, event.task, event.after);
        putWrites(out, event.writes);
        return;
      case "signal":
        if (event.siginfo.length !== SIGINFO_BYTES) {
          throw new RangeError(
            `Cannot encode a signal as its siginfo must be ${SIGINFO_BYTES} bytes: current length is ${event.siginfo.length}`,
          );
        }
        out.u8(POINTS.indexOf(event.point));
        out.u64(event.jumps);
        out.u32(event.signal);
        out.u8(DISPOSITIONS.indexOf(event.disposition));
        out.raw(event.siginfo);
        this.#registers.encode(out, event.task, event.after);
        putWrites(out, event.writes);
        return;
      case "registers":
        if (event.vectors.length > MAX_VECTORS_BYTES) {
          throw new RangeError(
            `Cannot encode registers as a vector state has at most ${MAX_VECTORS_BYTES} bytes: current length is ${event.vectors.length}`,
          );
        }
        out.u8(POINTS.indexOf(event.point));
        out.u64(event.jumps);
        this.#registers.encode(out, event.task, event.after);
        out.u32(event.vectors.length);
        out.raw(event.vectors);
        return;
      case "exec":
        out.text(event.path);
        out.u64(event.brk);
        out.u32(event.mappings.length);
        for (const mapping of event.mappings) putMapping(out, mapping);
        putWrites(out, event.writes);
        return;
      case "clone":
        out.u32(event.child);
        out.u32(event.childProcess);
        out.u64(event.flags);
        this.#registers.encode(out, event.child, event.after);
        putWrites(out, event.writes);
        return;
      case "exit":
        out.u32(event.status);
        putWrites(out, event.writes);
        return;
      case "checksum":
        out.u32(event.sums.length);
        for (const { start, end, sum } of event.sums) {
          out.u64(start);
          out.u64(end);
          out.big64(sum);
        }
        return;
      case "calls":
        out.u32(event.count);
        out.u32(event.records.length);
        out.raw(event.records);
        return;
      case "memory":
        putWrites(out, event.writes);
        return;
      case "file":
        out.u32(event.file);
        out.u64(event.size);
        putWrites(out, event.writes);
        return;
      case "note":
        out.text(event.text);
        return;
      case "end":
        out.u8(REASONS.indexOf(event.reason));
        out.u32(event.status);
        out.text(event.message);
        return;
    }
  }
}

/** What a system call has beside what all have. @throws {RangeError} For one that was not done, and has mapped something. */
function extraOf({ mapping, withheld }: SyscallEvent): (typeof SYSCALL_EXTRAS)[number] {
  if (withheld && mapping !== undefined)
    throw new RangeError("Cannot encode a system call that was withheld as it has a 'mapping'");
  if (withheld) return "withheld";
  return mapping === undefined ? "nothing" : "mapping";
}

/** An upper bound of the encoded size of an event. */
export function sizeBound(event: TraceEvent): number {
  let size = FIXED_BYTES;
  switch (event.kind) {
    case "syscall":
      if (event.mapping !== undefined) size += mappingBound(event.mapping);
      break;
    case "exec":
      size += event.path.length * UTF8_BYTES_PER_UNIT;
      for (const mapping of event.mappings) size += mappingBound(mapping);
      break;
    case "instruction":
      size += event.name.length * UTF8_BYTES_PER_UNIT;
      break;
    case "end":
      return size + event.message.length * UTF8_BYTES_PER_UNIT;
    case "note":
      return size + event.text.length * UTF8_BYTES_PER_UNIT;
    case "switch":
      return size;
    case "checksum":
      return size + event.sums.length * SUM_BYTES;
    case "calls":
      return size + event.records.length;
    case "registers":
      return size + event.vectors.length;
    case "signal":
    case "clone":
    case "exit":
    case "memory":
    case "file":
      break;
  }
  for (const write of event.writes) size += WRITE_HEAD_BYTES + write.bytes.length;
  return size;
}

function mappingBound(mapping: MappingRecord): number {
  return MIN_MAPPING_BYTES + mapping.name.length * UTF8_BYTES_PER_UNIT;
}

function putMapping(out: ByteWriter, mapping: MappingRecord): void {
  out.u64(mapping.start);
  out.u64(mapping.end);
  out.u32(mapping.protection);
  out.u8(mapping.shared ? 1 : 0);
  out.u32(mapping.file);
  out.u64(mapping.offset);
  out.text(mapping.name);
}

function putWrites(out: ByteWriter, writes: MemoryWrite[]): void {
  out.u32(writes.length);
  for (const { address, bytes } of writes) {
    out.u64(address);
    out.u32(bytes.length);
    out.raw(bytes);
  }
}
