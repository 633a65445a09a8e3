/** Which engines can be started here: the embedded one always, rr where one is installed and has recorded. */
import { type Capabilities, type Host, judge, PROBES, RR_FINDINGS, rrInstallation } from "../host/mod.ts";
import { embeddedEngine } from "./embedded.ts";
import { rrEngine } from "./rr/engine.ts";
import type { Engine } from "./types.ts";

/** Why an engine is not used: one line. */
export interface Refusal {
  readonly refusal: string;
  readonly missing: readonly string[];
}

/** The engines of this machine. */
export interface Engines {
  readonly embedded: Engine;
  readonly rr: Engine | Refusal;
  /** rr starts, and nothing is known of the host that would make its results unreliable. */
  readonly rrIsFit: boolean;
}

/** Capabilities that {@link findEngines} looks at, where rr may be used. */
export const RR_CAPABILITIES: readonly string[] = [
  ...RR_FINDINGS,
  ...PROBES.filter(({ gates }) => gates.engines.includes("rr")).map(({ name }) => name),
];

/**
 * Finds the engines.
 *
 * @param tickproof Starts tickproof: `[...tickproof, "record", …]`.
 * @param host This machine.
 * @param capabilities Its findings, {@link RR_CAPABILITIES} among them if rr may be used.
 */
export function findEngines(tickproof: readonly string[], host: Host, capabilities: Capabilities): Engines {
  const embedded = embeddedEngine(tickproof);
  const found = rrInstallation(host, capabilities);
  if (!("path" in found)) {
    return { embedded, rr: { refusal: found.evidence, missing: [found.capability] }, rrIsFit: false };
  }
  return { embedded, rr: rrEngine(found), rrIsFit: judge("rr", capabilities).runs };
}
