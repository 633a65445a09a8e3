/** `t.host`: what the host can do, found out when it is asked for, with the evidence. */
import { didYouMean } from "../../ffi/mod.ts";
import { CAPABILITY_NAMES, capabilitiesOf, type Finding, type Host } from "../host/mod.ts";

/** See the file's head. */
export class ScriptHost {
  readonly #host: Host;
  readonly #found = new Map<string, Finding>();

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
