/** The rr of a host that can record there, and how: what the probes of rr have found, put together. */
import { findRr } from "./probes/_rr.ts";
import type { Capabilities, Host } from "./types.ts";

/** An rr that has recorded. */
export interface FoundRr {
  readonly path: string;
  readonly version: string;
  /** By software counters (`-W`), since it does not start, or not well, with those of a PMU. */
  readonly softwareCounters: boolean;
}

/** Why none can be used: the capability that is missing, and what was seen. */
export interface NoRr {
  readonly capability: string;
  readonly evidence: string;
}

/**
 * Puts the findings together.
 *
 * @param host Where rr is looked for.
 * @param found Findings of `rr`, `rr-starts` and `rr-software-counters`.
 */
export function rrInstallation(host: Host, found: Capabilities): FoundRr | NoRr {
  const [installed, starts, software] = ["rr", "rr-starts", "rr-software-counters"].map((name) =>
    found.get(name),
  );
  const place = findRr(host);
  if (installed?.state !== "yes" || !("path" in place)) {
    return { capability: "rr", evidence: installed?.evidence ?? "nobody has looked for rr" };
  }
  const softwareCounters = starts?.state !== "yes";
  if (softwareCounters && software?.state !== "yes") {
    return { capability: "rr-starts", evidence: starts?.evidence ?? "nobody has tried rr" };
  }
  const version = /\d+(?:\.\d+)+\S*/.exec(installed.evidence)?.[0] ?? "";
  return { path: place.path, version, softwareCounters };
}
