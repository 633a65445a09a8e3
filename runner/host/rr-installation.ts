/** The rr of a host that can record there, and how: what the probes of rr have found, put together. */
import { findRr } from "./probes/_rr.ts";
import type { Capabilities, Host } from "./types.ts";

/** An rr that has recorded. */
export interface FoundRr {
  readonly path: string;
  readonly version: string;
  /** By software counters (`-W`), since it does not start with those of the PMU, or they can't be trusted. */
  readonly softwareCounters: boolean;
}

/** Why none can be used: the capability that is missing, and what was seen. */
export interface NoRr {
  readonly capability: string;
  readonly evidence: string;
}

/** Findings that {@link rrInstallation} looks at. */
export const RR_FINDINGS = ["rr", "rr-starts", "rr-software-counters", "hardware-ticks"] as const;

/**
 * Puts the findings together.
 *
 * @param host Where rr is looked for.
 * @param found {@link RR_FINDINGS}.
 */
export function rrInstallation(host: Host, found: Capabilities): FoundRr | NoRr {
  const [installed, starts, software, hardware] = RR_FINDINGS.map((name) => found.get(name));
  const place = findRr(host);
  if (installed?.state !== "yes" || !("path" in place)) {
    return { capability: "rr", evidence: installed?.evidence ?? "nobody has looked for rr" };
  }
  const softwareCounters =
    software?.state === "yes" && (starts?.state !== "yes" || hardware?.state !== "yes");
  if (!softwareCounters && starts?.state !== "yes") {
    return { capability: "rr-starts", evidence: starts?.evidence ?? "nobody has tried rr" };
  }
  const version = /\d+(?:\.\d+)+\S*/.exec(installed.evidence)?.[0] ?? "";
  return { path: place.path, version, softwareCounters };
}
