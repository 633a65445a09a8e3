/** What `tickproof doctor` is asked beyond an examination: capabilities that there must be, and hosts side by side. */
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import {
  CAPABILITY_NAMES,
  type Finding,
  type Host,
  liveHost,
  loadDescribedHost,
  probeOf,
} from "../host/mod.ts";

/** A capability, and how it must be found. */
export interface Requirement {
  readonly name: string;
  readonly state: Finding["state"];
}

const STATES: readonly Finding["state"][] = ["yes", "no", "unknown"];

function items(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Refuses what is no capability. */
export function checkCapability(name: string): void {
  if (probeOf(name) !== undefined) return;
  const hint = didYouMean(name, CAPABILITY_NAMES) || `: it is one of ${CAPABILITY_NAMES.join(", ")}`;
  throw new UsageError(`no capability is named '${name}'${hint}`);
}

/** Reads "pmu,kvm-in-txcp-bug=no". */
export function requirementsOf(text: string): Requirement[] {
  const requirements = items(text).map((item): Requirement => {
    const [name = "", wanted = "yes", ...more] = item.split("=");
    checkCapability(name);
    const state = STATES.find((known) => known === wanted);
    if (state === undefined || more.length > 0) {
      throw new UsageError(`'--require ${item}': a finding is one of ${STATES.join(", ")}`);
    }
    return { name, state };
  });
  if (requirements.length === 0) throw new UsageError("'--require' names no capability");
  return requirements;
}

/** Reads "live,haswell,haswell-kvm-4.7": this machine and described ones. */
export function hostsOf(text: string): Host[] {
  const names = items(text);
  if (names.length < 2) throw new UsageError("'--compare' takes two hosts or more, apart by commas");
  return names.map((name) => (name === "live" ? liveHost : loadDescribedHost(name)));
}
