/** A whole examination of a host: what it is, what was found, and what can run on it. */

import { identifyProcessor, isAarch64, microarchitecture } from "../../ffi/mod.ts";
import { capabilitiesOf, unmetNeed } from "./capabilities.ts";
import { cpuidText, processorWords } from "./cpu.ts";
import { hypervisorOf } from "./hypervisor.ts";
import { osRelease } from "./probes/_release.ts";
import { PROBES } from "./probes/mod.ts";
import type { Capabilities, Finding, Host, Probe } from "./types.ts";
import { ENGINE_NAMES, isProblem, judge, type Verdict } from "./verdict.ts";

/** A host with its capabilities, its problems, and the verdicts on what can run on it. */
export interface Examination {
  readonly host: {
    /** "live", or the profile's name. */
    readonly name: string;
    readonly kind: Host["kind"];
    /** As the processor calls itself. */
    readonly processor: string;
    readonly kernel: string | undefined;
    readonly hypervisor: string | undefined;
  };
  readonly capabilities: Capabilities;
  /** Findings that are bad news, and don't follow from others that are. */
  readonly problems: readonly { readonly probe: Probe; readonly finding: Finding }[];
  readonly verdicts: readonly Verdict[];
}

/** Leaves of the brand string. Intel SDM volume 2, CPUID; AMD has the same. */
const BRAND = [0x8000_0002, 0x8000_0003, 0x8000_0004];

function brand(host: Host): string {
  const cpu = identifyProcessor(host);
  if (isAarch64(cpu)) return microarchitecture(cpu)?.name ?? processorWords(cpu);
  const [highest] = host.cpuid(0x8000_0000);
  if (highest < BRAND[BRAND.length - 1]!) return "unknown processor";
  return cpuidText(...BRAND.flatMap((leaf) => host.cpuid(leaf)))
    .replace(/\0.*$/s, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Runs all probes over a host. */
export function examine(host: Host): Examination {
  const capabilities = capabilitiesOf(host);
  const problems = PROBES.flatMap((probe) => {
    const finding = capabilities.get(probe.name);
    const counts = finding !== undefined && isProblem(probe, finding) && !unmetNeed(probe, capabilities);
    return counts ? [{ probe, finding }] : [];
  });
  const hypervisor = hypervisorOf(host);
  return {
    host: {
      name: host.name,
      kind: host.kind,
      processor: brand(host),
      kernel: osRelease(host),
      hypervisor: hypervisor && [hypervisor.kind, hypervisor.version].filter(Boolean).join(" "),
    },
    capabilities,
    problems,
    verdicts: ENGINE_NAMES.map((engine) => judge(engine, capabilities)),
  };
}
