/**
 * Records of a ring buffer: samples, and what happened to the tasks and to the ring itself. LOST and THROTTLE are the
 * ones that must not be overlooked: what was counted from samples is then too low.
 * Source: linux/perf_event.h, enum perf_event_type.
 */

import { PERF_RECORD, PERF_RECORD_MISC } from "./constants.ts";
import { RecordBytes, RingError } from "./record-bytes.ts";
import {
  decodeRead,
  decodeSample,
  decodeSampleId,
  type ReadValues,
  type Sample,
  type SampleId,
  type SampleLayout,
  sampleIdSize,
} from "./sample.ts";

/** Offsets of struct perf_event_header. */
export const RECORD_HEADER = { size: 8, type: 0, misc: 4, length: 6 } as const;

/** Who was on the processor. */
const MODES = ["unknown", "kernel", "user", "hypervisor", "guest-kernel", "guest-user"] as const;
export type CpuMode = (typeof MODES)[number];

/** A mapping that a task has made. */
interface Mapping {
  readonly pid: number;
  readonly tid: number;
  readonly address: bigint;
  readonly length: bigint;
  /** Offset in the file, in bytes. */
  readonly offset: bigint;
  readonly file: string;
  /** Not executable. */
  readonly data: boolean;
}

/** Which file exactly was mapped: by device and inode, or by its build id. */
type MappedFile =
  | { readonly major: number; readonly minor: number; readonly inode: bigint; readonly generation: bigint }
  | { readonly buildId: Uint8Array };

/** What a record says, by its kind. */
export type RecordBody =
  | ({ readonly kind: "sample"; readonly exactIp: boolean } & Sample)
  /** Records that found no room since the last one: read the ring more often, or make it larger. */
  | { readonly kind: "lost"; readonly eventId: bigint; readonly lost: bigint }
  /** Samples that the hardware dropped. */
  | { readonly kind: "lost-samples"; readonly lost: bigint }
  /** The kernel stops the event for a while, or lets it go on: it interrupted too often. */
  | {
      readonly kind: "throttle" | "unthrottle";
      readonly at: bigint;
      readonly eventId: bigint;
      readonly stream: bigint;
    }
  | {
      readonly kind: "comm";
      readonly pid: number;
      readonly tid: number;
      readonly comm: string;
      readonly exec: boolean;
    }
  | {
      readonly kind: "fork" | "exit";
      readonly pid: number;
      readonly parentPid: number;
      readonly tid: number;
      readonly parentTid: number;
      readonly at: bigint;
    }
  | ({ readonly kind: "mmap" } & Mapping)
  | ({ readonly kind: "mmap2"; readonly protection: number; readonly flags: number } & Mapping & MappedFile)
  | { readonly kind: "read"; readonly pid: number; readonly tid: number; readonly read: ReadValues }
  /** The task got the processor, or lost it (`out`), by force (`preempted`). */
  | { readonly kind: "switch"; readonly out: boolean; readonly preempted: boolean }
  /** As `switch`, with the task that was before or comes next. */
  | {
      readonly kind: "switch-cpu";
      readonly out: boolean;
      readonly preempted: boolean;
      readonly otherPid: number;
      readonly otherTid: number;
    }
  | { readonly kind: "aux"; readonly offset: bigint; readonly size: bigint; readonly flags: bigint }
  | { readonly kind: "itrace-start"; readonly pid: number; readonly tid: number }
  /** Any other: its number, and its bytes behind the header. */
  | { readonly kind: "other"; readonly type: number; readonly bytes: Uint8Array };

/** A record. */
export type PerfRecord = RecordBody & {
  readonly mode: CpuMode;
  /** Which event, task and time it is of, where `sample_id_all` is set; a sample says so itself. */
  readonly sampleId: SampleId;
};

function decodeMapping(bytes: RecordBytes): Omit<Mapping, "file" | "data"> {
  return {
    pid: bytes.i32(),
    tid: bytes.i32(),
    address: bytes.u64(),
    length: bytes.u64(),
    offset: bytes.u64(),
  };
}

function decodeMappedFile(bytes: RecordBytes, misc: number): MappedFile {
  if ((misc & PERF_RECORD_MISC.MMAP_BUILD_ID) === 0) {
    return { major: bytes.u32(), minor: bytes.u32(), inode: bytes.u64(), generation: bytes.u64() };
  }
  const size = bytes.u8();
  bytes.skip(3);
  return { buildId: bytes.bytes(20).subarray(0, size) };
}

/** Decodes what follows the header; `trailer` bytes of sample_id stay for the caller. */
function decodeBody(type: number, misc: number, bytes: RecordBytes, layout: SampleLayout): RecordBody {
  const has = (bit: number) => (misc & bit) !== 0;
  const textLeft = () => bytes.left - sampleIdSize(layout);
  switch (type) {
    case PERF_RECORD.SAMPLE:
      return { kind: "sample", exactIp: has(PERF_RECORD_MISC.EXACT_IP), ...decodeSample(bytes, layout) };
    case PERF_RECORD.LOST:
      return { kind: "lost", eventId: bytes.u64(), lost: bytes.u64() };
    case PERF_RECORD.LOST_SAMPLES:
      return { kind: "lost-samples", lost: bytes.u64() };
    case PERF_RECORD.THROTTLE:
    case PERF_RECORD.UNTHROTTLE: {
      const kind = type === PERF_RECORD.THROTTLE ? "throttle" : "unthrottle";
      return { kind, at: bytes.u64(), eventId: bytes.u64(), stream: bytes.u64() };
    }
    case PERF_RECORD.COMM: {
      const exec = has(PERF_RECORD_MISC.COMM_EXEC);
      return { kind: "comm", exec, pid: bytes.i32(), tid: bytes.i32(), comm: bytes.text(textLeft()) };
    }
    case PERF_RECORD.FORK:
    case PERF_RECORD.EXIT: {
      const kind = type === PERF_RECORD.FORK ? "fork" : "exit";
      const [pid, parentPid, tid, parentTid] = [bytes.i32(), bytes.i32(), bytes.i32(), bytes.i32()];
      return { kind, pid, parentPid, tid, parentTid, at: bytes.u64() };
    }
    case PERF_RECORD.MMAP: {
      const data = has(PERF_RECORD_MISC.MMAP_DATA);
      return { kind: "mmap", data, ...decodeMapping(bytes), file: bytes.text(textLeft()) };
    }
    case PERF_RECORD.MMAP2: {
      const data = has(PERF_RECORD_MISC.MMAP_DATA);
      const mapping = decodeMapping(bytes);
      const which = decodeMappedFile(bytes, misc);
      const [protection, flags] = [bytes.u32(), bytes.u32()];
      return { kind: "mmap2", data, ...mapping, ...which, protection, flags, file: bytes.text(textLeft()) };
    }
    case PERF_RECORD.READ:
      return { kind: "read", pid: bytes.i32(), tid: bytes.i32(), read: decodeRead(bytes, layout.readFormat) };
    case PERF_RECORD.SWITCH:
    case PERF_RECORD.SWITCH_CPU_WIDE: {
      const how = {
        out: has(PERF_RECORD_MISC.SWITCH_OUT),
        preempted: has(PERF_RECORD_MISC.SWITCH_OUT_PREEMPT),
      };
      if (type === PERF_RECORD.SWITCH) return { kind: "switch", ...how };
      return { kind: "switch-cpu", ...how, otherPid: bytes.i32(), otherTid: bytes.i32() };
    }
    case PERF_RECORD.AUX:
      return { kind: "aux", offset: bytes.u64(), size: bytes.u64(), flags: bytes.u64() };
    case PERF_RECORD.ITRACE_START:
      return { kind: "itrace-start", pid: bytes.i32(), tid: bytes.i32() };
    default:
      return { kind: "other", type, bytes: bytes.bytes(textLeft()) };
  }
}

/**
 * Decodes one record.
 *
 * @param bytes All of it, header included.
 * @param layout Of the event that it is of.
 * @throws RingError for a record that is shorter than its fields.
 */
export function decodeRecord(bytes: Uint8Array, layout: SampleLayout): PerfRecord {
  if (bytes.length < RECORD_HEADER.size) {
    throw new RingError(
      `Cannot decode a perf record as it must have 8 bytes or more: current value is ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint32(RECORD_HEADER.type, true);
  const misc = view.getUint16(RECORD_HEADER.misc, true);
  const fields = new RecordBytes(bytes, RECORD_HEADER.size);
  const mode = MODES[misc & PERF_RECORD_MISC.CPUMODE_MASK] ?? "unknown";
  const body = decodeBody(type, misc, fields, layout);
  return { ...body, mode, sampleId: type === PERF_RECORD.SAMPLE ? {} : decodeSampleId(fields, layout) };
}
