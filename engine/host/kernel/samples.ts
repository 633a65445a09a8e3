/** Records of an event's ring buffer. Source: kernel/events/core.c (perf_output_sample, perf_log_throttle). */
import { PERF_SAMPLE } from "../../../ffi/mod.ts";
import type { Event } from "./event.ts";
import { MISC_USER, RECORD, type RingRecord } from "./ring.ts";

/** Where a sample was taken. */
export interface Moment {
  readonly task: number;
  /** Nanoseconds. */
  readonly time: number;
  /** Events of the period that has gone by. */
  readonly period: number;
}

/** Words of a reading, as read(2) gives them. */
export type ReadWords = (event: Event) => readonly bigint[];

/** Index of a branch stack that is not known. */
const NO_INDEX = 0xffff_ffff_ffff_ffffn;

function taskWord({ task }: Moment): bigint {
  return BigInt(task) | (BigInt(task) << 32n);
}

/** Fields that follow records other than samples, if sample_id_all is set. */
function sampleId(event: Event, moment: Moment): bigint[] {
  if (!event.attr.has("sample_id_all")) return [];
  const has = (bit: number) => (event.attr.sampleType & BigInt(bit)) !== 0n;
  const id = BigInt(event.id);
  return [
    ...(has(PERF_SAMPLE.TID) ? [taskWord(moment)] : []),
    ...(has(PERF_SAMPLE.TIME) ? [BigInt(Math.floor(moment.time))] : []),
    ...(has(PERF_SAMPLE.ID) ? [id] : []),
    ...(has(PERF_SAMPLE.STREAM_ID) ? [id] : []),
    ...(has(PERF_SAMPLE.CPU) ? [0n] : []),
    ...(has(PERF_SAMPLE.IDENTIFIER) ? [id] : []),
  ];
}

/**
 * A sample. What only a running processor could tell (addresses, stacks, registers) is 0 or empty, in the place
 * where a reader expects it.
 */
export function sampleRecord(event: Event, moment: Moment, read: ReadWords): RingRecord {
  const has = (bit: number) => (event.attr.sampleType & BigInt(bit)) !== 0n;
  const id = BigInt(event.id);
  const fields: readonly (readonly [bit: number, words: () => readonly bigint[]])[] = [
    [PERF_SAMPLE.IDENTIFIER, () => [id]],
    [PERF_SAMPLE.IP, () => [0n]],
    [PERF_SAMPLE.TID, () => [taskWord(moment)]],
    [PERF_SAMPLE.TIME, () => [BigInt(Math.floor(moment.time))]],
    [PERF_SAMPLE.ADDR, () => [0n]],
    [PERF_SAMPLE.ID, () => [id]],
    [PERF_SAMPLE.STREAM_ID, () => [id]],
    [PERF_SAMPLE.CPU, () => [0n]],
    [PERF_SAMPLE.PERIOD, () => [BigInt(moment.period)]],
    [PERF_SAMPLE.READ, () => read(event)],
    [PERF_SAMPLE.CALLCHAIN, () => [0n]],
    // u32 size, then data: 4 bytes of zeros fill the word.
    [PERF_SAMPLE.RAW, () => [4n]],
    [PERF_SAMPLE.BRANCH_STACK, () => (event.attr.branchHwIndex ? [0n, NO_INDEX] : [0n])],
    [PERF_SAMPLE.REGS_USER, () => [0n]],
    [PERF_SAMPLE.STACK_USER, () => [0n]],
    [PERF_SAMPLE.WEIGHT, () => [0n]],
    [PERF_SAMPLE.WEIGHT_STRUCT, () => [0n]],
    [PERF_SAMPLE.DATA_SRC, () => [0n]],
    [PERF_SAMPLE.TRANSACTION, () => [0n]],
    [PERF_SAMPLE.REGS_INTR, () => [0n]],
    [PERF_SAMPLE.PHYS_ADDR, () => [0n]],
    [PERF_SAMPLE.CGROUP, () => [0n]],
    [PERF_SAMPLE.DATA_PAGE_SIZE, () => [0n]],
    [PERF_SAMPLE.CODE_PAGE_SIZE, () => [0n]],
    [PERF_SAMPLE.AUX, () => [0n]],
  ];
  const words = fields.flatMap(([bit, make]) => (has(bit) ? make() : []));
  return { type: RECORD.SAMPLE, misc: MISC_USER, words };
}

export function lostRecord(event: Event, moment: Moment, lost: number): RingRecord {
  return {
    type: RECORD.LOST,
    misc: 0,
    words: [BigInt(event.id), BigInt(lost), ...sampleId(event, moment)],
  };
}

export function throttleRecord(event: Event, moment: Moment, on: boolean): RingRecord {
  const id = BigInt(event.id);
  return {
    type: on ? RECORD.THROTTLE : RECORD.UNTHROTTLE,
    misc: 0,
    words: [BigInt(Math.floor(moment.time)), id, id, ...sampleId(event, moment)],
  };
}
