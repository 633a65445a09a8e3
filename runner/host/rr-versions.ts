/**
 * What each release of rr makes of a host: which processor it takes it for (`rr-processors.ts`), which events it then counts,
 * and what it does about a host's bugs. An installed rr is judged by its own row.
 */
import { CORES, type CoreEvents, type CoreName, microarchitecture, type ProcessorId } from "../../ffi/mod.ts";
import { NEWEST_RELEASE, RR_ARM_CORES, RR_CASES, RR_RELEASES, type RrRelease } from "./rr-processors.ts";

/** What rr takes a processor for. */
export interface RrCpu {
  /** rr's own name for it. */
  readonly name: string;
  /** Why its ticks are none: it is another processor, on which rr counts the wrong events, or rr counts none on it. */
  readonly unusable?: string;
}

const TICKS = "retired-conditional-branches";
/** rr's names of cores, where tickproof calls a core with the same event otherwise. */
const CORE_OF: Readonly<Record<string, CoreName>> = {
  "Ice Lake": "Sunny Cove",
  "Tiger Lake": "Willow Cove",
  "Rocket Lake": "Cypress Cove",
  "Alder Lake": "Golden Cove",
  "Raptor Lake": "Raptor Cove",
  "Sapphire Rapids": "Golden Cove",
  "Emerald Rapids": "Raptor Cove",
  "Granite Rapids": "Redwood Cove",
  "Meteor Lake": "Redwood Cove",
  "Lunar Lake": "Lion Cove",
  "Arrow Lake": "Lion Cove",
};

function isCore(name: string): name is CoreName {
  return name in CORES;
}

/** Event of ticks on a core that has one: Piledriver and its kin have none, and rr takes a difference there. */
function ticksOn(core: CoreName): bigint | undefined {
  const events: CoreEvents = CORES[core];
  return events[TICKS];
}

/** The event that rr counts as ticks on what it calls so; undefined for the difference of family 15h. */
function ticksOfRr(name: string): bigint | undefined {
  const core = CORE_OF[name] ?? name.replace(/^AMD (?=Zen)/, "");
  return isCore(core) ? ticksOn(core) : undefined;
}

/** Whether a release is that one or a newer one. */
export function isSince(release: RrRelease, since: RrRelease): boolean {
  return RR_RELEASES.indexOf(release) >= RR_RELEASES.indexOf(since);
}

/** What rr looks at of cpuid leaf 1, eax: all but the stepping, and the extended family apart. */
function signature({ family, model }: ProcessorId): { type: number; extended: number } {
  const base = Math.min(family, 0xf);
  return { type: ((model >> 4) << 16) | (base << 8) | ((model & 0xf) << 4), extended: family - base };
}

/** Bits of a raw config behind the first umask: of Lion Cove the second one. */
const BEHIND_UMASK = 32n;

/**
 * What the kernel makes of another core's event on a PMU without a second umask: it masks those bits in silence.
 * arch/x86/events/core.c, x86_pmu_hw_config; perf_event.h, x86_pmu_get_event_config (6.11).
 */
function maskedFor(right: bigint | undefined, counted: bigint | undefined): bigint | undefined {
  if (right === undefined || counted === undefined || right >> BEHIND_UMASK !== 0n) return counted;
  return BigInt.asUintN(Number(BEHIND_UMASK), counted);
}

/** What follows from rr's taking a processor for another one; undefined where its events are the right ones. */
function mistake(cpu: ProcessorId, name: string): string | undefined {
  const line = microarchitecture(cpu);
  const right = line && ticksOn(line.core);
  const counted = maskedFor(right, ticksOfRr(name));
  if (line === undefined || counted === right) return undefined;
  if (counted !== undefined) {
    return `it is ${line.name}, on which the event that rr counts (0x${counted.toString(16)}) is none of conditional branches`;
  }
  const locks = line.core.startsWith("Zen") ? ", and does not look for SpecLockMap" : "";
  return `it is ${line.name}: rr counts taken branches (0xc4 less 0xc6) there${locks}`;
}

function armCpu(release: RrRelease, { vendor, model }: ProcessorId): RrCpu | undefined {
  const row = RR_ARM_CORES[vendor]?.find(
    ([, parts, since = "5.6.0"]) => parts.includes(model) && isSince(release, since),
  );
  if (row === undefined) return undefined;
  const [name, , , counted = true] = row;
  return counted ? { name } : { name, unusable: "none of its events counts branches exactly" };
}

/** What a release of rr takes a processor for; undefined where it refuses it. */
export function rrCpu(release: RrRelease, cpu: ProcessorId): RrCpu | undefined {
  if (cpu.vendor in RR_ARM_CORES) return armCpu(release, cpu);
  // rr asks for the vendor first, and for nothing of it later.
  if (cpu.vendor !== "GenuineIntel" && cpu.vendor !== "AuthenticAMD") return undefined;
  const { type, extended } = signature(cpu);
  const found = RR_CASES.find(
    ({ types, families, since = "5.6.0", until = NEWEST_RELEASE }) =>
      types.includes(type) &&
      (families?.includes(extended) ?? true) &&
      isSince(release, since) &&
      isSince(until, release),
  );
  if (found === undefined) return undefined;
  const unusable = mistake(cpu, found.name);
  return { name: found.name, ...(unusable !== undefined && { unusable }) };
}

/** The first release that counts the right events on a processor, from one on; undefined where none does. */
export function learnt(cpu: ProcessorId, from: RrRelease = RR_RELEASES[0]): RrRelease | undefined {
  return RR_RELEASES.find((release) => {
    const known = isSince(release, from) ? rrCpu(release, cpu) : undefined;
    return known !== undefined && known.unusable === undefined;
  });
}

/** Processors before Comet Lake, on which rr never asks whether counters stand still in system management mode. */
const BEFORE_COMET_LAKE: ReadonlySet<string> = new Set([
  "Nehalem",
  "Westmere",
  "Sandy Bridge",
  "Ivy Bridge",
  "Haswell",
  "Broadwell",
  "Skylake",
  "Silvermont",
  "Goldmont",
  "Tremont",
  "Kaby Lake",
]);

/** Whether rr wants the counters to stand still in system management mode: on what some release calls Comet Lake or newer. */
export function wantsFreezeOnSmi(cpu: ProcessorId): boolean {
  const release = learnt(cpu);
  const known = release && rrCpu(release, cpu);
  return known === undefined || !BEFORE_COMET_LAKE.has(known.name);
}

/**
 * The row that a version belongs to: the newest release that is not newer than it. What is built from the repository
 * calls itself by the release before.
 *
 * @param version As `rr --version` tells it: "5.6.0".
 * @returns The release; undefined for a version before the first row.
 */
export function releaseOf(version: string): RrRelease | undefined {
  const numbers = (text: string) => text.split(".").map((part) => Number.parseInt(part, 10));
  const [major = 0, minor = 0] = numbers(version);
  return RR_RELEASES.findLast((release) => {
    const [ownMajor = 0, ownMinor = 0] = numbers(release);
    return major > ownMajor || (major === ownMajor && minor >= ownMinor);
  });
}

/**
 * Release from which rr hears of context switches by records where it may not count them, and the kernel that lets it: it
 * tries whether a record's watermark sends a signal (ContextSwitchEvent.cc, can_use_switch_records).
 */
export const SWITCH_RECORDS = { release: "5.9.0", kernel: [6, 10] } as const;

/** Release from which rr takes periods of 32 where 1 is refused (PerfCounters.cc, check_for_ioc_period_bug); before, it ends. */
export const PERIOD_OF_32: RrRelease = "5.9.0";

/** Release from which SpecLockMap and a cleared freeze_on_smi end rr (pull request 3928); before, it warns. */
export const REFUSES_FLAWS: RrRelease = "5.10.0";

/**
 * Release from which rr records on performance cores of a hybrid processor unless it is told otherwise, and counts by the
 * right PMU on the others too (its release notes; CPUs.cc, hybrid_cpu_arch_groups). Before, it takes any processor that it may
 * run on (`rr record --help`: "a random CPU"), and ends where the event is that of the other kind: issues 3338 and 3402.
 */
export const KNOWS_CORE_KINDS: RrRelease = "5.10.0";
