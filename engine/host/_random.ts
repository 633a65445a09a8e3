/** Hosts and attrs that are drawn at random, the same ones for the same seed: often valid, often just not. */
import { PERF_ATTR, PERF_ATTR_SIZE } from "../../ffi/mod.ts";
import { Noise } from "./pmu/skid.ts";
import type { HostProfile, Hypervisor } from "./profile.ts";

export class Random {
  readonly #noise: Noise;

  constructor(seed: number) {
    this.#noise = new Noise(seed);
  }

  /** An integer of 0 to `most`. */
  upTo(most: number): number {
    return this.#noise.upTo(most);
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.upTo(times - 1) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.upTo(from.length - 1)]!;
  }

  u64(): bigint {
    return (BigInt(this.upTo(0xffff_fffe)) << 32n) | BigInt(this.upTo(0xffff_fffe));
  }
}

const PROCESSORS = [
  ["GenuineIntel", 6, 0x3c, 3],
  ["GenuineIntel", 6, 0x2a, 7],
  ["GenuineIntel", 6, 0x6a, 6],
  ["GenuineIntel", 6, 0x57, 1],
  ["GenuineIntel", 6, 0xff, 0],
  ["AuthenticAMD", 0x19, 0x21, 0],
  ["AuthenticAMD", 0x1a, 0x02, 1],
] as const;

function randomHypervisor(random: Random, amd: boolean): Hypervisor {
  const vpmu = !random.once(6);
  const counters = vpmu ? random.upTo(8) : 0;
  const fixedCounters = vpmu && !amd ? random.upTo(4) : 0;
  const virtual = { vpmu, counters, fixedCounters };
  const inTxCpFix = random.once(2);
  switch (random.upTo(4)) {
    case 0:
      return { kind: "none" };
    case 1:
      return { kind: "xen", version: "4.11", pmiOvercounts: random.once(2), ...virtual };
    case 2:
      return { kind: "vmware", version: "6.7", ...virtual };
    default:
      return { kind: "kvm", hostKernel: random.pick(["4.7.0", "5.15.0"]), inTxCpFix, ...virtual };
  }
}

/** A host within the bounds of the schema (`runner/host/profile-schema.ts`). */
export function randomProfile(random: Random): HostProfile {
  const [vendor, family, model, stepping] = random.pick(PROCESSORS);
  const amd = vendor === "AuthenticAMD";
  const tsx = {
    hle: !amd && random.once(2),
    rtm: !amd && random.once(2),
    alwaysAborts: !amd && random.once(4),
  };
  const counters = random.upTo(8);
  return {
    name: `random-${random.upTo(1000)}`,
    description: "drawn at random",
    sources: [],
    cpu: {
      vendor,
      name: "a processor",
      family,
      model,
      stepping,
      cores: 1 + random.upTo(7),
      tsx,
      specLockMap: amd && random.once(2),
    },
    pmu: {
      counters,
      fixedCounters: amd ? 0 : random.upTo(4),
      width: random.pick([32, 40, 48]),
      version: random.upTo(5),
      skid: random.pick([0, 100, 10_000]),
      taken: random.upTo(counters),
      freezeOnSmi: random.pick([undefined, true, false]),
    },
    hypervisor: randomHypervisor(random, amd),
    kernel: {
      release: random.pick(["3.2.0", "4.9.0", "6.1.0", "6.18.0"]),
      perfEventParanoid: random.upTo(5) - 1,
      perfEventMaxSampleRate: random.pick([250, 1000, 100_000]),
      perfCpuTimeMaxPercent: random.pick([0, 1, 25, 100]),
      perfEventRestrictsFrom: random.pick([3, 4, 5]),
      privileged: random.pick([false, false, true, "CAP_PERFMON"] as const),
      ptraceScope: random.pick([undefined, 0, 3]),
      periodTakesEffectLate: random.once(4),
    },
  };
}

const CONFIGS = [
  0n,
  1n,
  3n,
  0x5101c4n,
  0x5111c4n,
  0x517ec4n,
  0x5100d1n,
  0x510825n,
  0x1_0001n,
  1n << 32n,
  3n << 32n,
  1n << 33n,
];
const PERIODS = [0n, 0n, 0n, 1n, 100n, 5000n, 0x7fff_fffen, 0x7fff_ffffn, 1n << 62n, 1n << 63n];
/** Flags that change what is allowed: disabled, inherit, pinned, exclusive, exclude_*, freq, precise_ip. */
const FLAG_BITS = [0, 1, 2, 3, 4, 5, 6, 10, 15, 16, 19, 20, 25, 31, 35, 36, 37];

/** Bytes of an attr: fields that make sense together half of the time, single bytes of noise in others. */
export function randomAttr(random: Random): Uint8Array {
  const bytes = new Uint8Array(
    random.pick([PERF_ATTR_SIZE.VER0, PERF_ATTR_SIZE.VER7, PERF_ATTR_SIZE.VER8, 200]),
  );
  const view = new DataView(bytes.buffer);
  view.setUint32(PERF_ATTR.type[0], random.pick([0, 0, 1, 1, 2, 3, 4, 4, 4, 4, 9]), true);
  view.setUint32(PERF_ATTR.size[0], random.once(12) ? random.upTo(5000) : bytes.length, true);
  const config = random.pick(CONFIGS) | (random.once(3) ? random.pick(CONFIGS) : 0n);
  view.setBigUint64(PERF_ATTR.config[0], config, true);
  view.setBigUint64(PERF_ATTR.sample_period[0], random.pick(PERIODS), true);
  if (random.once(2)) view.setBigUint64(PERF_ATTR.sample_type[0], BigInt(random.upTo(0x1ff)), true);
  if (random.once(2)) view.setBigUint64(PERF_ATTR.read_format[0], BigInt(random.upTo(31)), true);
  if (bytes.length >= PERF_ATTR_SIZE.VER7) {
    if (random.once(6)) view.setInt32(PERF_ATTR.clockid[0], random.pick([1, 4, 7, 11, 99, -1]), true);
    if (random.once(8)) view.setUint16(PERF_ATTR.sample_max_stack[0], random.pick([1, 127, 128, 2000]), true);
    if (random.once(20)) view.setUint32(PERF_ATTR.aux_sample_size[0], 8, true);
  }
  let flags = random.once(8) ? 0n : 1n << 5n;
  for (const bit of FLAG_BITS) if (random.once(10)) flags |= 1n << BigInt(bit);
  view.setBigUint64(PERF_ATTR.flags[0], flags, true);
  view.setUint32(PERF_ATTR.wakeup_events[0], random.upTo(3), true);
  if (random.once(6))
    for (let noise = random.upTo(3); noise >= 0; noise--)
      bytes[random.upTo(bytes.length - 1)] = random.upTo(255);
  return bytes;
}
