/**
 * struct perf_event_attr as the kernel takes it from a program: bytes that nobody has checked.
 * Source: Linux 6.18, kernel/events/core.c (perf_copy_attr), linux/perf_event.h.
 */
import {
  ERRNO,
  PERF_ATTR,
  PERF_ATTR_BIT,
  PERF_ATTR_SIZE,
  PERF_SAMPLE,
  PERF_SAMPLE_BRANCH_HW_INDEX,
  type PerfAttrFlag,
} from "../../../ffi/mod.ts";

/** An attr that has passed the checks of its own bytes. */
export interface Attr {
  readonly type: number;
  readonly config: bigint;
  /** Period, or frequency with the flag `freq`. */
  readonly samplePeriod: bigint;
  readonly sampleType: bigint;
  readonly readFormat: number;
  readonly wakeupEvents: number;
  readonly preciseIp: number;
  readonly clockId: number;
  /** Watermark in bytes in place of {@link wakeupEvents}. */
  readonly wakeupBytes: number;
  /** Stacks of branches are asked for. */
  readonly branchStack: boolean;
  /** They begin with an index (PERF_SAMPLE_BRANCH_HW_INDEX). */
  readonly branchHwIndex: boolean;
  /** Registers are named that only precise samples have: the vector ones. */
  readonly extendedRegisters: boolean;
  /** What is to be done with an AUX area: begin paused, pause it, let it go on. */
  readonly auxStartPaused: boolean;
  readonly auxPause: boolean;
  readonly auxResume: boolean;
  /** Most frames of a call chain; 0 for the default. */
  readonly maxStack: number;
  /** A part of an AUX area is asked for with each sample. */
  readonly samplesAux: boolean;
  has(flag: PerfAttrFlag): boolean;
  /** Whether samples have a field (see {@link PERF_SAMPLE}). */
  samples(field: number): boolean;
}

const SAMPLE_MAX = 1n << 25n;
const READ_FORMAT_MAX = 1n << 5n;
/** Flags that the kernel knows: 38 bits; the others are reserved. */
const FLAG_BITS = 38n;
const FLAGS = (Object.keys(PERF_ATTR_BIT) as (keyof typeof PERF_ATTR_BIT)[]).filter(
  (name): name is PerfAttrFlag => name !== "precise_ip",
);
const PAGE = 4096;
/** The newest size that the model's kernel knows. */
const KNOWN_SIZE = PERF_ATTR_SIZE.VER8;
/** Privilege bits and all bits of branch_sample_type. */
const BRANCH_PRIVILEGE = 7n;
const BRANCH_USER = 1n;
const BRANCH_MAX = 1n << 20n;
const BRANCH_HW_INDEX = BigInt(PERF_SAMPLE_BRANCH_HW_INDEX);
/** Registers that x86-64 has in samples, without the segments that it reserves (asm/perf_regs.h). */
const REGISTERS = 0xff_0fffn;
/** The vector registers' bits (PERF_REG_EXTENDED_MASK). */
const EXTENDED_REGISTERS = 0xffff_ffff_0000_0000n;
const STACK_MAX = 65_528;
/** Bits of aux_action, which older kernels have reserved (linux/perf_event.h, 6.13). */
const AUX_START_PAUSED = 1;
const AUX_PAUSE = 2;
const AUX_RESUME = 4;

/** Bytes of a struct with the reader for its fields: missing ones are 0. */
function fieldsOf(bytes: Uint8Array): (name: keyof typeof PERF_ATTR) => bigint {
  const padded = new Uint8Array(KNOWN_SIZE);
  padded.set(bytes.subarray(0, KNOWN_SIZE));
  const view = new DataView(padded.buffer);
  return (name) => {
    const [offset, width] = PERF_ATTR[name];
    if (width === 8) return view.getBigUint64(offset, true);
    return BigInt(width === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true));
  };
}

/** Size as the kernel takes it, or −E2BIG; it writes what it knows into the caller's struct then. */
function sizeOf(bytes: Uint8Array): number {
  const [offset, width] = PERF_ATTR.size;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const given = bytes.length >= offset + width ? view.getUint32(offset, true) : 0;
  const size = given === 0 ? PERF_ATTR_SIZE.VER0 : given;
  const unknown = bytes.subarray(KNOWN_SIZE, Math.max(KNOWN_SIZE, size));
  if (size >= PERF_ATTR_SIZE.VER0 && size <= PAGE && unknown.every((byte) => byte === 0)) return size;
  if (bytes.length >= offset + width) view.setUint32(offset, KNOWN_SIZE, true);
  return -ERRNO.E2BIG;
}

/**
 * Decodes an attr.
 *
 * @param bytes The caller's struct; with −E2BIG its size is set to what the kernel knows.
 * @param watchesKernel Whether the caller may watch the kernel: branches are asked about while the bytes are looked at
 *   (perf_copy_attr), before registers and all that follows.
 * @returns The attr, or −errno.
 */
export function decodeAttr(bytes: Uint8Array, watchesKernel = true): Attr | number {
  const size = sizeOf(bytes);
  if (size < 0) return size;
  const field = fieldsOf(bytes.subarray(0, size));
  const flags = field("flags");
  const set = new Set(FLAGS.filter((flag) => ((flags >> BigInt(PERF_ATTR_BIT[flag])) & 1n) === 1n));
  const has = (flag: PerfAttrFlag) => set.has(flag);
  const sampleType = field("sample_type");
  const samples = (bit: number) => (sampleType & BigInt(bit)) !== 0n;
  const auxAction = (bit: number) => (field("reserved_3") & BigInt(bit)) !== 0n;
  const unknown =
    flags >> FLAG_BITS !== 0n ||
    field("reserved_2") !== 0n ||
    (field("reserved_3") & 0xffff_fff8n) !== 0n ||
    sampleType >= SAMPLE_MAX ||
    field("read_format") >= READ_FORMAT_MAX;
  if (unknown) return -ERRNO.EINVAL;
  if (samples(PERF_SAMPLE.BRANCH_STACK)) {
    const mask = field("branch_sample_type");
    if (!validBranchStack(mask)) return -ERRNO.EINVAL;
    if (!watchesKernel && branchesOfKernel(mask, has)) return -ERRNO.EACCES;
  }
  const invalid =
    (samples(PERF_SAMPLE.REGS_USER) && !validRegisters(field("sample_regs_user"))) ||
    (samples(PERF_SAMPLE.REGS_INTR) && !validRegisters(field("sample_regs_intr"))) ||
    (samples(PERF_SAMPLE.STACK_USER) && !validStack(Number(field("sample_stack_user")))) ||
    (samples(PERF_SAMPLE.WEIGHT) && samples(PERF_SAMPLE.WEIGHT_STRUCT)) ||
    (has("inherit_thread") && !has("inherit")) ||
    (has("remove_on_exec") && has("enable_on_exec")) ||
    (has("sigtrap") && !has("remove_on_exec"));
  if (invalid) return -ERRNO.EINVAL;
  return {
    type: Number(field("type")),
    config: field("config"),
    samplePeriod: field("sample_period"),
    sampleType,
    readFormat: Number(field("read_format")),
    wakeupEvents: has("watermark") ? 0 : Number(field("wakeup_events")),
    wakeupBytes: has("watermark") ? Number(field("wakeup_events")) : 0,
    preciseIp: Number((flags >> BigInt(PERF_ATTR_BIT.precise_ip)) & 3n),
    clockId: Number(BigInt.asIntN(32, field("clockid"))),
    branchStack: samples(PERF_SAMPLE.BRANCH_STACK),
    // Whether their fields are sampled at all is not asked (has_extended_regs).
    extendedRegisters: ((field("sample_regs_user") | field("sample_regs_intr")) & EXTENDED_REGISTERS) !== 0n,
    auxStartPaused: auxAction(AUX_START_PAUSED),
    auxPause: auxAction(AUX_PAUSE),
    auxResume: auxAction(AUX_RESUME),
    maxStack: Number(field("sample_max_stack")),
    samplesAux: field("aux_sample_size") !== 0n,
    branchHwIndex: (field("branch_sample_type") & BRANCH_HW_INDEX) !== 0n,
    has,
    samples,
  };
}

function validBranchStack(mask: bigint): boolean {
  return mask < BRANCH_MAX && (mask & ~BRANCH_PRIVILEGE) !== 0n;
}

/** Whether branches of the kernel or a hypervisor are asked for: where no level is named, by what the event leaves out. */
function branchesOfKernel(mask: bigint, has: (flag: PerfAttrFlag) => boolean): boolean {
  if ((mask & BRANCH_PRIVILEGE) === 0n) return !has("exclude_kernel") || !has("exclude_hv");
  return (mask & BRANCH_PRIVILEGE & ~BRANCH_USER) !== 0n;
}

function validRegisters(mask: bigint): boolean {
  return mask !== 0n && (mask & ~(REGISTERS | EXTENDED_REGISTERS)) === 0n;
}

function validStack(bytes: number): boolean {
  return bytes % 8 === 0 && bytes <= STACK_MAX;
}
