/** Which engine can run on a host, and why not the others: from the findings, by what the probes say they gate. */
import { unmetNeed } from "./capabilities.ts";
import { PROBES } from "./probes/mod.ts";
import type { Capabilities, EngineName, Finding, Probe } from "./types.ts";

export const ENGINE_NAMES: readonly EngineName[] = ["embedded", "rr"];

/** A finding that counts against an engine or a test. */
export interface Objection {
  readonly capability: string;
  readonly evidence: string;
  readonly remedy: string;
}

/** Whether an engine can run on a host. */
export interface Verdict {
  readonly engine: EngineName;
  readonly runs: boolean;
  /** Why it can't; empty where it can. */
  readonly obstacles: readonly Objection[];
  /** What it does worse, or not at all, though it runs. */
  readonly limits: readonly Objection[];
  /** What it needs and nobody could find out. */
  readonly open: readonly string[];
}

/** Whether a finding is bad news: no of something good, yes of something harmful. */
export function isProblem(probe: Probe, finding: Finding): boolean {
  if (probe.kind === "fact") return false;
  return finding.state === (probe.kind === "good" ? "no" : "yes");
}

/** Whether the host has what makes a probe's gates no matter. */
function isWaived({ gates }: Probe, capabilities: Capabilities): boolean {
  return waivers(gates).some((name) => capabilities.get(name)?.state === "yes");
}

/** Capabilities with any of which a probe's gates don't matter. */
export function waivers({ unless = [] }: Probe["gates"]): readonly string[] {
  return typeof unless === "string" ? [unless] : unless;
}

/** What to do about a finding. */
export function remedyOf(probe: Probe, finding: Finding | undefined): string {
  return finding?.remedy ?? probe.remedy;
}

function objections(capabilities: Capabilities, concerns: (probe: Probe) => boolean): Objection[] {
  return PROBES.flatMap((probe) => {
    const finding = capabilities.get(probe.name);
    if (finding === undefined || !concerns(probe) || !isProblem(probe, finding)) return [];
    if (isWaived(probe, capabilities)) return [];
    // It follows from another problem, which is told of.
    if (unmetNeed(probe, capabilities) !== undefined) return [];
    return [{ capability: probe.name, evidence: finding.evidence, remedy: remedyOf(probe, finding) }];
  });
}

/**
 * Judges an engine.
 *
 * @param engine Which.
 * @param capabilities All findings of the host.
 */
export function judge(engine: EngineName, capabilities: Capabilities): Verdict {
  const obstacles = objections(capabilities, ({ gates }) => gates.engines.includes(engine));
  const limits = objections(capabilities, ({ gates }) => gates.limits?.includes(engine) === true);
  const open = PROBES.filter(
    (probe) =>
      probe.gates.engines.includes(engine) &&
      !isWaived(probe, capabilities) &&
      capabilities.get(probe.name)?.state === "unknown",
  ).map(({ name }) => name);
  return { engine, runs: obstacles.length === 0, obstacles, limits, open };
}
