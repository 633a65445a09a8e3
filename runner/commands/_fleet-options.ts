/** Which options of `tickproof suites` go with a fleet, and which do not. */
import { UsageError } from "../errors/mod.ts";
import type { SuitesOptions } from "./_suites-options.ts";

/** What is said of hosts of a fleet. */
const OF_FLEET = ["on", "any", "each-host"] as const;

/** What makes no sense there, with the reason. */
const NOT_THERE = {
  "until-fail": "say how often: --repeat N --fail-fast",
  watch: "it runs here only",
  host: "nothing is run with it",
  "dry-run": "nothing is run with it",
  jobs: "each agent says how many it takes: tickproof agent --jobs N",
  baseline: "baselines are of one host each",
  "update-baseline": "baselines are of one host each",
  "update-snapshots": "snapshots are written where the manifests are",
} as const;

/** @throws {UsageError} For options that exclude each other. */
export function checkFleetOptions(options: SuitesOptions): void {
  const isGiven = (name: keyof SuitesOptions) => options[name] !== undefined && options[name] !== false;
  if (!options.fleet) {
    const lonely = OF_FLEET.find(isGiven);
    if (lonely !== undefined) throw new UsageError(`'--${lonely}' goes with --fleet only`);
    return;
  }
  if (options.any && options["each-host"])
    throw new UsageError("'--any' and '--each-host' exclude each other");
  for (const [name, reason] of Object.entries(NOT_THERE)) {
    if (isGiven(name as keyof typeof NOT_THERE))
      throw new UsageError(`'--${name}' does not go with --fleet: ${reason}`);
  }
}
