/** `t.host`: what the host can do, found out when it is asked for, with the evidence. */
import { resolve } from "node:path";
import { didYouMean } from "../../ffi/mod.ts";
import {
  CAPABILITY_NAMES,
  capabilitiesOf,
  type Finding,
  type Host,
  isProfilePath,
  liveHost,
  loadDescribedHost,
} from "../host/mod.ts";

/** A described host's name, or the path of its profile: relative to the script's folder. */
export function hostName(host: string, folder: string): string {
  return isProfilePath(host) ? resolve(folder, host) : host;
}

/** The option of `record` for a described host; no words for this one. */
export function hostOption(host: string | undefined, folder: string): string[] {
  return host === undefined ? [] : ["--host", hostName(host, folder)];
}

/**
 * The host that a test names.
 *
 * @param host A described one, or undefined for this machine.
 * @param folder The script's.
 * @throws {UsageError} If there is none of that name, or its profile is wrong.
 */
export function hostOf(host: string | undefined, folder: string): Host {
  return host === undefined ? liveHost : loadDescribedHost(hostName(host, folder));
}

/** A host as a test sees it: what it can do, with the evidence. */
export class ScriptHost {
  readonly #host: Host;
  readonly #found = new Map<string, Finding>();

  /** @internal */
  constructor(host: Host) {
    this.#host = host;
  }

  /** "live", or the name of a described host. */
  get name(): string {
    return this.#host.name;
  }

  /**
   * What the probe of a capability has found.
   *
   * @param capability A name that `tickproof doctor` lists: "pmu", "kvm-in-txcp-bug".
   * @throws {RangeError} If there is no such capability.
   */
  finding(capability: string): Finding {
    if (!CAPABILITY_NAMES.includes(capability)) {
      const hint = didYouMean(capability, CAPABILITY_NAMES);
      throw new RangeError(`Cannot find out about '${capability}' as there is no such capability${hint}`);
    }
    for (const [name, finding] of this.#found.has(capability)
      ? []
      : capabilitiesOf(this.#host, [capability])) {
      this.#found.set(name, finding);
    }
    return this.#found.get(capability) ?? { state: "unknown", evidence: "not asked" };
  }

  /** Whether a capability (or a bug) is there for certain. */
  has(capability: string): boolean {
    return this.finding(capability).state === "yes";
  }
}
