/** Runs probes over a host: from a host to its capabilities. */
import { PROBES } from "./probes/mod.ts";
import type { Capabilities, Finding, Host, Probe } from "./types.ts";
import { userProbes } from "./user-probe.ts";

/** The names of tickproof's own probes. */
export const CAPABILITY_NAMES: readonly string[] = PROBES.map(({ name }) => name);

/** All names that there are now: probes of a user's own come behind, once they are loaded. */
export function capabilityNames(): readonly string[] {
  return [...CAPABILITY_NAMES, ...userProbes().map(({ name }) => name)];
}

/** The probe of a capability; undefined for a name that is none. */
export function probeOf(name: string): Probe | undefined {
  return [...PROBES, ...userProbes()].find((probe) => probe.name === name);
}

/** The names, and all that their probes look at. */
function closure(names: Iterable<string>): ReadonlySet<string> {
  const wanted = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    const probe = probeOf(name);
    open.push(...Object.keys(probe?.needs ?? {}), ...(probe?.uses ?? []));
  }
  return wanted;
}

/** What keeps a probe from being run: the first of its needs that is not met. */
export function unmetNeed(probe: Probe, found: Capabilities): { name: string; finding: Finding } | undefined {
  for (const [name, state] of Object.entries(probe.needs ?? {})) {
    const finding = found.get(name) ?? { state: "unknown", evidence: "not asked" };
    if (finding.state !== state) return { name, finding };
  }
  return undefined;
}

function find(probe: Probe, host: Host, found: Capabilities): Finding {
  const unmet = unmetNeed(probe, found);
  if (unmet === undefined) return probe.run(host, found);
  const { name, finding } = unmet;
  // Without what it stands on, a capability is certainly not there; a bug just can't be seen.
  const state = probe.kind !== "harmful" && finding.state !== "unknown" ? "no" : "unknown";
  return { state, evidence: `can't be measured: ${name} is ${finding.state}` };
}

/**
 * Finds out what a host can do, and which bugs it has.
 *
 * @param host This machine or a described one.
 * @param names Capabilities that are asked for; what their probes need is found out as well, and is in the result.
 *   @default all of them
 * @returns Findings by name, in the order of the probes.
 * @throws {RangeError} If a name is no capability.
 */
export function capabilitiesOf(host: Host, names: Iterable<string> = CAPABILITY_NAMES): Capabilities {
  const wanted = closure(names);
  for (const name of wanted) {
    if (probeOf(name) === undefined) {
      throw new RangeError(`Cannot find out about '${name}' as there is no capability of that name`);
    }
  }
  const found = new Map<string, Finding>();
  for (const probe of [...PROBES, ...userProbes()])
    if (wanted.has(probe.name)) found.set(probe.name, find(probe, host, found));
  return found;
}
