/**
 * What a sample holds: fields in a fixed order, each there if its bit of sample_type is set.
 * Source: linux/perf_event.h, enum perf_event_type, PERF_RECORD_SAMPLE and struct sample_id.
 */

import { PERF_FORMAT, PERF_SAMPLE, PERF_SAMPLE_BRANCH_HW_INDEX } from "./constants.ts";
import type { RecordBytes } from "./record-bytes.ts";

/** How the samples of an event are laid out: the parts of its attr that decide it. */
export interface SampleLayout {
  /** Bits of PERF_SAMPLE. */
  readonly sampleType: number;
  /** Bits of PERF_FORMAT, for the field `read`. */
  readonly readFormat: number;
  /** The other records end with a sample_id (flag `sample_id_all`). */
  readonly sampleIdAll: boolean;
  /** Masks of registers, and what is taken of branches. @default 0 */
  readonly registersUser?: bigint;
  readonly registersInterrupt?: bigint;
  readonly branchSampleType?: number;
}

/** What an event's read gives, as it stands in samples and in records of the kind `read`. */
export interface ReadValues {
  readonly enabled?: bigint;
  readonly running?: bigint;
  /** One of an event, or one for each member of a group. */
  readonly values: readonly { readonly value: bigint; readonly id?: bigint; readonly lost?: bigint }[];
}

/** A branch that was taken before the sample. */
export interface BranchEntry {
  readonly from: bigint;
  readonly to: bigint;
  /** Bits of struct perf_branch_entry: mispredicted 0, predicted 1, in transaction 2, abort 3, cycles 4…19. */
  readonly flags: bigint;
}

/** Registers of user mode or of the interrupted code, those of the mask in order of their bits. */
export interface SampledRegisters {
  /** 0 none, 1 of 32 bits, 2 of 64 bits. */
  readonly abi: bigint;
  readonly values: BigUint64Array;
}

/** Fields that tell which event, task and time a record is of. */
export interface SampleId {
  readonly pid?: number;
  readonly tid?: number;
  /** Nanoseconds of the perf clock. */
  readonly time?: bigint;
  readonly id?: bigint;
  readonly streamId?: bigint;
  readonly cpu?: number;
}

/** One sample; only the fields that were asked for are there. */
export interface Sample extends SampleId {
  readonly ip?: bigint;
  /** Memory that the instruction accessed. */
  readonly address?: bigint;
  /** Events since the last sample. */
  readonly period?: bigint;
  readonly read?: ReadValues;
  /** Return addresses, with PERF_CONTEXT_… markers (values above 2^64 − 4096) between modes. */
  readonly callchain?: BigUint64Array;
  readonly raw?: Uint8Array;
  readonly branchIndex?: bigint;
  readonly branches?: readonly BranchEntry[];
  readonly registersUser?: SampledRegisters;
  readonly stackUser?: Uint8Array;
  readonly weight?: bigint;
  readonly dataSource?: bigint;
  readonly transaction?: bigint;
  readonly registersInterrupt?: SampledRegisters;
  readonly physicalAddress?: bigint;
  readonly cgroup?: bigint;
  readonly dataPageSize?: bigint;
  readonly codePageSize?: bigint;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Decodes what read(2) gives, by read_format. */
export function decodeRead(bytes: RecordBytes, format: number): ReadValues {
  const has = (bit: number) => (format & bit) !== 0;
  const group = has(PERF_FORMAT.GROUP);
  const count = group ? bytes.count() : 1;
  const single = group ? undefined : bytes.u64();
  const times: Writable<Pick<ReadValues, "enabled" | "running">> = {};
  if (has(PERF_FORMAT.TOTAL_TIME_ENABLED)) times.enabled = bytes.u64();
  if (has(PERF_FORMAT.TOTAL_TIME_RUNNING)) times.running = bytes.u64();
  const values = Array.from({ length: count }, () => ({
    value: single ?? bytes.u64(),
    ...(has(PERF_FORMAT.ID) && { id: bytes.u64() }),
    ...(has(PERF_FORMAT.LOST) && { lost: bytes.u64() }),
  }));
  return { ...times, values };
}

function bitCount(mask: bigint): number {
  return mask.toString(2).replaceAll("0", "").length;
}

function decodeRegisters(bytes: RecordBytes, mask: bigint): SampledRegisters {
  const abi = bytes.u64();
  return { abi, values: bytes.words(abi === 0n ? 0 : bitCount(mask)) };
}

function decodeStack(bytes: RecordBytes): Uint8Array {
  const size = bytes.count();
  if (size === 0) return new Uint8Array();
  const stack = bytes.bytes(size);
  const used = bytes.u64();
  return used < BigInt(size) ? stack.subarray(0, Number(used)) : stack;
}

function decodeBranches(bytes: RecordBytes, type: number): Pick<Sample, "branchIndex" | "branches"> {
  const count = bytes.count();
  const index = (type & PERF_SAMPLE_BRANCH_HW_INDEX) !== 0 ? { branchIndex: bytes.u64() } : {};
  const branches = Array.from({ length: count }, () => ({
    from: bytes.u64(),
    to: bytes.u64(),
    flags: bytes.u64(),
  }));
  return { ...index, branches };
}

/** Decodes the fields of a sample. */
export function decodeSample(bytes: RecordBytes, layout: SampleLayout): Sample {
  const has = (name: keyof typeof PERF_SAMPLE) => (layout.sampleType & PERF_SAMPLE[name]) !== 0;
  const sample: Writable<Sample> = {};
  if (has("IDENTIFIER")) sample.id = bytes.u64();
  if (has("IP")) sample.ip = bytes.u64();
  if (has("TID")) {
    sample.pid = bytes.i32();
    sample.tid = bytes.i32();
  }
  if (has("TIME")) sample.time = bytes.u64();
  if (has("ADDR")) sample.address = bytes.u64();
  if (has("ID")) sample.id = bytes.u64();
  if (has("STREAM_ID")) sample.streamId = bytes.u64();
  if (has("CPU")) {
    sample.cpu = bytes.u32();
    bytes.skip(4);
  }
  if (has("PERIOD")) sample.period = bytes.u64();
  if (has("READ")) sample.read = decodeRead(bytes, layout.readFormat);
  if (has("CALLCHAIN")) sample.callchain = bytes.words(bytes.count());
  if (has("RAW")) sample.raw = bytes.bytes(bytes.u32());
  if (has("BRANCH_STACK")) Object.assign(sample, decodeBranches(bytes, layout.branchSampleType ?? 0));
  if (has("REGS_USER")) sample.registersUser = decodeRegisters(bytes, layout.registersUser ?? 0n);
  if (has("STACK_USER")) sample.stackUser = decodeStack(bytes);
  if (has("WEIGHT") || has("WEIGHT_STRUCT")) sample.weight = bytes.u64();
  if (has("DATA_SRC")) sample.dataSource = bytes.u64();
  if (has("TRANSACTION")) sample.transaction = bytes.u64();
  if (has("REGS_INTR")) sample.registersInterrupt = decodeRegisters(bytes, layout.registersInterrupt ?? 0n);
  if (has("PHYS_ADDR")) sample.physicalAddress = bytes.u64();
  if (has("CGROUP")) sample.cgroup = bytes.u64();
  if (has("DATA_PAGE_SIZE")) sample.dataPageSize = bytes.u64();
  if (has("CODE_PAGE_SIZE")) sample.codePageSize = bytes.u64();
  return sample;
}

/** Decodes the sample_id that ends every other record, if the layout has it. */
export function decodeSampleId(bytes: RecordBytes, { sampleType, sampleIdAll }: SampleLayout): SampleId {
  if (!sampleIdAll) return {};
  const has = (name: keyof typeof PERF_SAMPLE) => (sampleType & PERF_SAMPLE[name]) !== 0;
  const id: Writable<SampleId> = {};
  if (has("TID")) {
    id.pid = bytes.i32();
    id.tid = bytes.i32();
  }
  if (has("TIME")) id.time = bytes.u64();
  if (has("ID")) id.id = bytes.u64();
  if (has("STREAM_ID")) id.streamId = bytes.u64();
  if (has("CPU")) {
    id.cpu = bytes.u32();
    bytes.skip(4);
  }
  if (has("IDENTIFIER")) id.id = bytes.u64();
  return id;
}

/** Bytes of the sample_id that ends every other record. */
export function sampleIdSize({ sampleType, sampleIdAll }: SampleLayout): number {
  const { TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER } = PERF_SAMPLE;
  return sampleIdAll
    ? 8 * bitCount(BigInt(sampleType & (TID | TIME | ID | STREAM_ID | CPU | IDENTIFIER)))
    : 0;
}
