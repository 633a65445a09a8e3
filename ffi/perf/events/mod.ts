/**
 * From names to events. In this order: raw codes (`r1c4`), terms of an event source (`cpu/event=0xc4,umask=0x11/`),
 * breakpoints (`mem:0x401000:rw`), the kernel's own names (`cycles`), names of this table by microarchitecture
 * (`retired-conditional-branches`), names that an event source lists in sysfs, names of the processor's vendor
 * (`BR_INST_RETIRED.COND`, as libpfm also `BR_INST_RETIRED:COND`), tracepoints (`sched:sched_switch`).
 * Behind any of them modifiers may stand: see `modifiers.ts`.
 *
 * All facts come from the host that is passed in, so that names of a described host resolve as they would there.
 */

import type { PerfAttr } from "../attr.ts";
import { IN_TX, PERF_TYPE } from "../constants.ts";
import type { PerfEvent } from "../event.ts";
import { type HostFacts, liveFacts } from "../facts.ts";
import { CORE_EVENT_NAMES, CORES, type CoreName } from "./cores.ts";
import { EventNameError } from "./error.ts";
import { type Code, GENERIC_EVENTS, happensInKernel, INTEL_ARCHITECTURAL } from "./generic.ts";
import { microarchitecture } from "./microarchitectures.ts";
import { type Modifiers, modifierAttr, parseModifiers } from "./modifiers.ts";
import { EVENT_LISTS } from "./origins.ts";
import { breakpoint, looksLikeTracepoint, noTracepoint, tracepoint } from "./probes.ts";
import { identifyProcessor, isAarch64 } from "./processor.ts";
import { EventSource, sourceNames } from "./sources.ts";
import { findVendorEvent, vendorEvents } from "./vendor-list.ts";

/** PMUs of a hybrid processor: performance and efficient cores count apart. The kernel's driver names those of Apple so. */
const HYBRIDS = [
  ["cpu_core", "cpu_atom"],
  ["apple_firestorm_pmu", "apple_icestorm_pmu"],
  ["apple_avalanche_pmu", "apple_blizzard_pmu"],
] as const;
/** The PMU of aarch64, where all cores are alike: armv8_pmuv3_0 with ACPI, armv8_neoverse_n1 by a device tree. */
const ARM_PMU = /^armv\d+_\w+$/;
/** Where the type of the PMU goes in the config of a generic event, for hybrid processors (linux/perf_event.h). */
const PMU_TYPE_SHIFT = 32n;

/** An event before its modifiers. */
interface Base {
  readonly name: string;
  readonly attr: PerfAttr;
  readonly source?: EventSource;
  readonly unit?: string | undefined;
  readonly scale?: number | undefined;
}

/** All names that a host knows, for lists and for what was probably meant. */
export function eventNames(host: HostFacts = liveFacts): string[] {
  const names = new Set(GENERIC_EVENTS.keys());
  for (const name of coreEvents(host, "core").keys()) names.add(name);
  for (const pmu of sourceNames(host)) {
    for (const name of EventSource.find(host, pmu)?.eventNames() ?? []) names.add(`${pmu}/${name}/`);
  }
  return [...names];
}

/** Core of the host, of one kind; undefined where the table does not know it. */
function coreName(host: HostFacts, kind: "core" | "efficient"): CoreName | undefined {
  const line = microarchitecture(identifyProcessor(host));
  return kind === "core" ? line?.core : line?.efficient;
}

/** Events by name of the host's cores; none for a processor that the table does not know. */
function coreEvents(host: HostFacts, kind: "core" | "efficient"): ReadonlyMap<string, bigint> {
  const core = coreName(host, kind);
  return new Map(core === undefined ? [] : Object.entries(CORES[core]));
}

/** The PMUs that count a hardware event: `cpu`, or the two of a hybrid processor. */
function corePmus(host: HostFacts): { pmu: EventSource; kind: "core" | "efficient"; hybrid: boolean }[] {
  for (const names of HYBRIDS) {
    const [core, atom] = names.map((name) => EventSource.find(host, name));
    const pmus = [];
    if (core) pmus.push({ pmu: core, kind: "core" as const, hybrid: true });
    if (atom) pmus.push({ pmu: atom, kind: "efficient" as const, hybrid: true });
    if (pmus.length > 0) return pmus;
  }
  const single = isAarch64(identifyProcessor(host))
    ? sourceNames(host).find((name) => ARM_PMU.test(name))
    : undefined;
  const pmu = EventSource.find(host, single ?? "cpu");
  return pmu ? [{ pmu, kind: "core", hybrid: false }] : [];
}

function genericBases(name: string, code: Code, host: HostFacts): Base[] {
  if (code.type !== PERF_TYPE.HARDWARE && code.type !== PERF_TYPE.HW_CACHE) return [{ name, attr: code }];
  return corePmus(host).map(({ pmu, hybrid }) =>
    hybrid
      ? {
          name: `${pmu.name}/${name}/`,
          attr: { type: code.type, config: (BigInt(pmu.type) << PMU_TYPE_SHIFT) | code.config },
        }
      : { name, attr: code },
  );
}

function coreBases(name: string, host: HostFacts): Base[] {
  return corePmus(host).flatMap(({ pmu, kind, hybrid }) => {
    const config = coreEvents(host, kind).get(name);
    return config === undefined
      ? []
      : [{ name: hybrid ? `${pmu.name}/${name}/` : name, attr: { type: pmu.type, config } }];
  });
}

function sourceBases(whole: string, pmuName: string, terms: string, host: HostFacts): Base[] {
  const source = EventSource.find(host, pmuName);
  if (source === undefined) {
    const known = sourceNames(host);
    throw new EventNameError(
      whole,
      `this host has no event source '${pmuName}' (it has ${known.join(", ") || "none"})`,
      { name: pmuName, known },
    );
  }
  // On a hybrid processor the names of generic and core events choose the kind of core: cpu_atom/cycles/.
  const pmu = corePmus(host).find((candidate) => candidate.pmu.name === pmuName);
  if (pmu && !source.eventNames().includes(terms)) {
    const own = [...genericNamed(terms, host), ...coreBases(terms, host), ...vendorBases(whole, terms, host)];
    const match = own.find(({ name }) => !pmu.hybrid || name.startsWith(`${pmuName}/`));
    if (match) return [{ ...match, name: `${pmuName}/${terms}/` }];
  }
  return [{ name: `${pmuName}/${terms}/`, source, ...source.parse(whole, terms) }];
}

function genericNamed(name: string, host: HostFacts): Base[] {
  const code = GENERIC_EVENTS.get(name);
  return code === undefined ? [] : genericBases(name, code, host);
}

/** Names that sources list, without the source: `mem-loads` for `cpu/mem-loads/`. */
function listedBases(whole: string, name: string, host: HostFacts): Base[] {
  return sourceNames(host).flatMap((pmu) => {
    const source = EventSource.find(host, pmu);
    return source?.eventNames().includes(name) ? [{ name, source, ...source.parse(whole, name) }] : [];
  });
}

/** libpfm's names begin with that of a PMU: `hsw::BR_INST_RETIRED:CONDITIONAL`. */
const LIBPFM_PMU = /^[a-z]\w*::/;

/** Events as the vendor of the processor names them. */
function vendorBases(whole: string, name: string, host: HostFacts): Base[] {
  return corePmus(host).flatMap(({ pmu, kind, hybrid }) => {
    const core = coreName(host, kind);
    const found = core && findVendorEvent(EVENT_LISTS[core], name);
    if (!found) return [];
    return [{ name: hybrid ? `${pmu.name}/${found.name}/` : name, ...pmu.parse(whole, found.terms) }];
  });
}

/** A vendor's name with what stands behind it: its second part may be set off by a point or, as in libpfm, by a colon. */
function vendorNamed(whole: string, host: HostFacts): { bases: Base[]; modifiers: string } | undefined {
  const [first = "", ...rest] = whole.replace(LIBPFM_PMU, "").split(":");
  for (const parts of [1, 2]) {
    const name = [first, ...rest.slice(0, parts - 1)].join(":");
    const bases = vendorBases(whole, name, host);
    if (bases.length > 0) return { bases, modifiers: rest.slice(parts - 1).join(":") };
  }
  return undefined;
}

/** Names of vendors' lists for the host's cores. */
function vendorEventNames(host: HostFacts): string[] {
  return (["core", "efficient"] as const).flatMap((kind) => {
    const core = coreName(host, kind);
    return core === undefined ? [] : vendorEvents(EVENT_LISTS[core]).map(({ name }) => name);
  });
}

function unknown(whole: string, name: string, host: HostFacts): EventNameError {
  if (!CORE_EVENT_NAMES.has(name)) {
    const known = [...eventNames(host), ...vendorEventNames(host)];
    return new EventNameError(whole, `no event is named '${name}'`, { name, known });
  }
  const { vendor, family, model, stepping } = identifyProcessor(host);
  const id = `${vendor} family 0x${family.toString(16)} model 0x${model.toString(16)} stepping ${stepping}`;
  const line = microarchitecture({ vendor, family, model, stepping });
  const advice = "name it by its code: cpu/event=0x…,umask=0x…/";
  if (line === undefined) {
    return new EventNameError(whole, `the processor is not in tickproof's table (${id}): ${advice}`);
  }
  const known = [...coreEvents(host, "core").keys()].join(", ");
  return new EventNameError(
    whole,
    `${line.name} (${id}) has no event '${name}' (it has ${known}): ${advice}`,
  );
}

/** The event's name apart from its modifiers, and what it stands for. */
function findBases(whole: string, host: HostFacts): { bases: Base[]; modifiers: string } {
  const memory = /^mem:(0x[0-9a-f]+)(?:\/(\d+))?(?::([rwx]+))?(?::(.*))?$/i.exec(whole);
  if (memory) {
    const [, address = "", length, access, modifiers = ""] = memory;
    return { bases: [{ name: whole, attr: breakpoint(whole, address, length, access) }], modifiers };
  }
  const withTerms = /^([\w.-]+)\/([^/]*)\/:?(.*)$/.exec(whole);
  if (withTerms) {
    const [, pmu = "", terms = "", modifiers = ""] = withTerms;
    return { bases: sourceBases(whole, pmu, terms, host), modifiers };
  }
  const [name = "", ...rest] = whole.split(":");
  const modifiers = rest.join(":");
  const raw = /^r([0-9a-f]{1,16})$/.exec(name);
  if (raw) {
    const config = BigInt(`0x${raw[1]}`);
    const bases = corePmus(host).map(({ pmu, hybrid }) => ({
      name: hybrid ? `${pmu.name}/${name}/` : name,
      attr: { type: pmu.type, config },
    }));
    return { bases, modifiers };
  }
  for (const bases of [genericNamed(name, host), coreBases(name, host), listedBases(whole, name, host)]) {
    if (bases.length > 0) return { bases, modifiers };
  }
  const ofVendor = vendorNamed(whole, host);
  if (ofVendor) return ofVendor;
  const [event = "", ...behind] = rest;
  const attr = tracepoint(name, event, host);
  if (attr) return { bases: [{ name: `${name}:${event}`, attr }], modifiers: behind.join(":") };
  if (looksLikeTracepoint(event)) throw noTracepoint(whole, name, event, host);
  throw unknown(whole, name, host);
}

/** Whether the processor has HLE or RTM: cpuid leaf 7, ebx bits 4 and 11, as `hsw_hw_config` asks it. */
function hasTransactions(host: HostFacts): boolean {
  return host.cpuid(0)[0] >= 7 && (host.cpuid(7, 0)[1] & ((1 << 4) | (1 << 11))) !== 0;
}

/** Sets IN_TX and IN_TXCP, which only raw events of an Intel processor have. */
function inTransaction(whole: string, attr: PerfAttr, { transaction }: Modifiers, host: HostFacts): PerfAttr {
  if (transaction === 0n) return attr;
  const { vendor } = identifyProcessor(host);
  if (vendor !== "GenuineIntel") {
    throw new EventNameError(whole, `only Intel processors count by transaction: this one is of ${vendor}`);
  }
  // The kernel masks the bits then, and would count what is in no transaction; IN_TXCP forgets nothing, which is right.
  if ((transaction & IN_TX) !== 0n && !hasTransactions(host)) {
    throw new EventNameError(whole, "in_tx counts in transactions, and this processor has none (HLE or RTM)");
  }
  const config = BigInt(attr.config);
  if (attr.type === PERF_TYPE.HARDWARE) {
    const raw = INTEL_ARCHITECTURAL.get(config & 0xffff_ffffn);
    // Of a hybrid processor the PMU's type stands in the upper half, and is that of its raw events.
    const pmu = Number(config >> PMU_TYPE_SHIFT);
    if (raw !== undefined) return { ...attr, type: pmu || PERF_TYPE.RAW, config: raw | transaction };
  }
  if (attr.type === PERF_TYPE.RAW || corePmus(host).some(({ pmu }) => pmu.type === attr.type)) {
    return { ...attr, config: config | transaction };
  }
  throw new EventNameError(
    whole,
    "only events of the processor's own counters can be counted by transaction",
  );
}

/**
 * The events that a name stands for: one, or on a hybrid processor one for each kind of core.
 *
 * @param name For instance `cycles`, `instructions:u`, `retired-conditional-branches:u:in_txcp`, `r1c4`.
 * @param host Whose event it is. @default liveFacts
 * @throws EventNameError for a name that means nothing there; it tells what was probably meant.
 */
export function resolveEvents(name: string, host: HostFacts = liveFacts): PerfEvent[] {
  const whole = name.trim();
  const { bases, modifiers: text } = findBases(whole, host);
  const modifiers = parseModifiers(whole, text);
  if (modifiers.flags.includes("exclude_kernel") && bases.some(({ attr }) => happensInKernel(attr))) {
    throw new EventNameError(
      whole,
      "it happens in the kernel, so that user mode alone never counts any: add k (:uk)",
    );
  }
  return bases.map(({ name: base, attr, source, unit, scale }) => ({
    name: bases.length > 1 && text !== "" ? `${base}:${text}` : bases.length > 1 ? base : whole,
    attr: { ...inTransaction(whole, attr, modifiers, host), ...modifierAttr(modifiers) },
    ...(source?.cpus && { cpus: source.cpus }),
    ...(unit !== undefined && { unit }),
    ...(scale !== undefined && { scale }),
  }));
}

/**
 * The one event that a name stands for.
 *
 * @throws EventNameError for none, and for two: `cpu_core/…/` and `cpu_atom/…/` then tell them apart.
 */
export function resolveEvent(name: string, host: HostFacts = liveFacts): PerfEvent {
  const [event, ...others] = resolveEvents(name, host);
  if (event === undefined) throw new EventNameError(name, "no event source counts it");
  if (others.length > 0) {
    const names = [event, ...others].map((candidate) => candidate.name).join(" or ");
    throw new EventNameError(name, `the processor's cores are of two kinds: say which, ${names}`);
  }
  return event;
}
