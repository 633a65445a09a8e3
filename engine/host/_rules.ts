/**
 * What the kernel never does, whatever it is asked: rules that are written from perf_event_open(2) and
 * Documentation/admin-guide/sysctl/kernel.rst, and know nothing of how the model answers. The fuzz holds each answer
 * against them.
 */
import { ERRNO, PERF_ATTR_SIZE } from "../../ffi/mod.ts";
import type { HostProfile } from "./profile.ts";

/** An open that succeeded. */
export interface Granted {
  readonly attr: Uint8Array;
  readonly pid: number;
  readonly cpu: number;
  /** Attr of the leader that it joins, if any, and whether that leads. */
  readonly leader: { readonly attr: Uint8Array; readonly leads: boolean } | undefined;
}

/** Fields of an attr as perf_event_open(2) lays them out; what its size leaves out is 0. */
export function fields(attr: Uint8Array) {
  const size = new DataView(attr.buffer, attr.byteOffset).getUint32(4, true) || PERF_ATTR_SIZE.VER0;
  const whole = new Uint8Array(4096);
  whole.set(attr.subarray(0, Math.min(size, attr.length)));
  const view = new DataView(whole.buffer);
  const flags = view.getBigUint64(40, true);
  const flag = (bit: number) => ((flags >> BigInt(bit)) & 1n) === 1n;
  return {
    type: view.getUint32(0, true),
    size,
    config: view.getBigUint64(8, true),
    period: view.getBigUint64(16, true),
    sampleType: view.getBigUint64(24, true),
    readFormat: view.getBigUint64(32, true),
    flags,
    inherit: flag(1),
    pinned: flag(2),
    exclusive: flag(3),
    excludeKernel: flag(5),
    freq: flag(10),
    precise: Number((flags >> 15n) & 3n),
    useClockId: flag(25),
    clockId: view.getInt32(92, true),
    auxOutput: flag(31),
    maxStack: view.getUint16(108, true),
    auxSampleSize: view.getUint32(112, true),
    reserved2: view.getUint16(110, true),
    beyond: whole.subarray(PERF_ATTR_SIZE.VER8, size),
  };
}

const HARDWARE_TYPES = [0, 3, 4];
const IN_TXCP = 1n << 33n;

/** Rules about opens: what must not have been granted. */
const OPEN_RULES: Readonly<
  Record<string, (granted: Granted, profile: HostProfile, rate: number) => boolean>
> = {
  "a size that the struct never had": ({ attr }) => {
    const { size, beyond } = fields(attr);
    return size < 64 || size > 4096 || beyond.some((byte) => byte !== 0);
  },
  "reserved bits": ({ attr }) => {
    const { flags, sampleType, readFormat, reserved2 } = fields(attr);
    return flags >> 38n !== 0n || sampleType >> 25n !== 0n || readFormat >> 5n !== 0n || reserved2 !== 0;
  },
  "anything from the level of the distribution's patch on": (_granted, { kernel }) =>
    kernel.perfEventParanoid >= kernel.perfEventRestrictsFrom && kernel.privileged !== true,
  "kernel mode from level 2 on": ({ attr }, { kernel }) =>
    kernel.perfEventParanoid >= 2 && !kernel.privileged && !fields(attr).excludeKernel,
  "a processor from level 1 on": ({ pid }, { kernel }) =>
    kernel.perfEventParanoid >= 1 && !kernel.privileged && pid === -1,
  "a hardware event without a PMU": ({ attr }, { hypervisor, pmu }) =>
    HARDWARE_TYPES.includes(fields(attr).type) &&
    (hypervisor.kind === "none" ? pmu.counters === 0 : !hypervisor.vpmu || hypervisor.counters === 0),
  "a frequency above the limit": ({ attr }, _profile, rate) => {
    const { freq, period } = fields(attr);
    return freq && period > BigInt(rate);
  },
  "a period with the highest bit": ({ attr }) => fields(attr).period >> 63n !== 0n && !fields(attr).freq,
  "a checkpoint that samples": ({ attr }, { cpu }) => {
    const { type, config, period } = fields(attr);
    return (
      cpu.vendor === "GenuineIntel" &&
      (cpu.tsx.hle || cpu.tsx.rtm) &&
      type === 4 &&
      (config & IN_TXCP) !== 0n &&
      period > 0n &&
      period < 0x7fff_ffffn
    );
  },
  "precise sampling in a guest": ({ attr }, { hypervisor }) => {
    const { type, precise } = fields(attr);
    return hypervisor.kind !== "none" && precise > 0 && HARDWARE_TYPES.includes(type);
  },
  "a processor that is not there": ({ cpu, pid }, profile) =>
    cpu < -1 || cpu >= profile.cpu.cores || (cpu === -1 && pid === -1),
  "a member of a group that is pinned or exclusive": ({ attr, leader }) =>
    leader !== undefined && (fields(attr).pinned || fields(attr).exclusive),
  "a member of a member": ({ leader }) => leader !== undefined && !leader.leads,
  "a member that is inherited unlike its leader": ({ attr, leader }) =>
    leader !== undefined && fields(attr).inherit !== fields(leader.attr).inherit,
  "an inherited event whose reading can't be told": ({ attr }, { kernel }) => {
    const { inherit, readFormat, sampleType } = fields(attr);
    if (!inherit) return false;
    // perf_event_open(2) has the first; commits ba5213ae6b88 (4.13) and 7e8b255650fc (6.13) changed what is refused.
    const [major = 0, minor = 0] = kernel.release.split(".").map(Number);
    if (major * 100 + minor < 413) return (readFormat & 8n) !== 0n;
    return (sampleType & 16n) !== 0n && (major * 100 + minor < 613 || (sampleType & 2n) === 0n);
  },
  "a clock that no NMI may read": ({ attr }) => {
    const { type, useClockId, clockId } = fields(attr);
    return HARDWARE_TYPES.includes(type) && useClockId && ![1, 4].includes(clockId);
  },
  "a call chain that is too long": ({ attr }) => {
    const { sampleType, maxStack } = fields(attr);
    return (sampleType & 32n) !== 0n && maxStack > 127;
  },
  "an AUX area that is not there": ({ attr }) => fields(attr).auxOutput || fields(attr).auxSampleSize > 0,
};

/** Names of the rules that an open breaks by having succeeded. */
export function brokenByOpen(granted: Granted, profile: HostProfile, rate: number): string[] {
  return Object.entries(OPEN_RULES).flatMap(([name, broken]) =>
    broken(granted, profile, rate) ? [name] : [],
  );
}

/** Errors that perf_event_open(2), ioctl(2), read(2) and mmap(2) of an event have. */
const ERRORS: Readonly<Record<"open" | "ioctl" | "read" | "map", readonly number[]>> = {
  open: [
    ERRNO.E2BIG,
    ERRNO.EACCES,
    ERRNO.EBADF,
    ERRNO.EINVAL,
    ERRNO.EMFILE,
    ERRNO.ENODEV,
    ERRNO.ENOENT,
    ERRNO.EOPNOTSUPP,
    ERRNO.EOVERFLOW,
    ERRNO.EPERM,
    ERRNO.ESRCH,
  ],
  ioctl: [ERRNO.EBADF, ERRNO.EINVAL, ERRNO.ENOTTY],
  read: [ERRNO.EBADF, ERRNO.ENOSPC],
  map: [ERRNO.EBADF, ERRNO.EINVAL, ERRNO.EPERM],
};

/** Whether a result is a success or an error that the call has. */
export function isAnswer(call: keyof typeof ERRORS, result: number): boolean {
  return Number.isInteger(result) && (result >= 0 || ERRORS[call].includes(-result));
}
