/** Puts together what tests are prepared with: engines that start here, and what is known of the hosts. */

import { createHostModel } from "../../../engine/host/mod.ts";
import { findEngines, RR_CAPABILITIES } from "../../engines/mod.ts";
import { capabilityNames, describedHost, type EngineName, liveHost, loadProfile } from "../../host/mod.ts";
import type { EngineChoice } from "../../results/mod.ts";
import type { TestCase } from "../types.ts";
import { type HostFacts, PROGRAMS_OF } from "./decide.ts";
import { factsOf, namedCapabilities } from "./facts.ts";
import { type Forecast, forecast } from "./forecast.ts";
import type { Surroundings } from "./prepare.ts";

/** What the user has asked for. */
export interface Asked {
  /** Of `--engine`. */
  choice: EngineChoice | undefined;
  /** Of `--force`. */
  force: boolean;
  /** Starts tickproof: `[...tickproof, "record", …]`. */
  tickproof: readonly string[];
}

/**
 * Looks around, no further than these tests need.
 *
 * @param tests That are to be run.
 */
export function surroundings(tests: readonly TestCase[], { choice, force, tickproof }: Asked): Surroundings {
  const mayUseRr = tests.some(({ engine }) => (choice ?? engine) !== "embedded");
  const names = namedCapabilities(tests);
  const live = factsOf(liveHost, [...names, ...(mayUseRr ? RR_CAPABILITIES : [])]);
  const described = describedFacts([...names, PROGRAMS_OF]);
  return {
    engines: findEngines(tickproof, liveHost, live.capabilities),
    choice,
    force,
    facts: (host) => (host === undefined ? live : described(host)),
  };
}

/** What is known of described hosts, each asked once: a fresh model for each, since probes leave traces in it. */
function describedFacts(names: Iterable<string>): (host: string) => HostFacts {
  const known = new Map<string, HostFacts>();
  return (host) => {
    const facts = known.get(host) ?? factsOf(describedHost(createHostModel(loadProfile(host))), names);
    known.set(host, facts);
    return facts;
  };
}

/** What a forecast is asked for. */
export interface ForecastAsked {
  /** Of `--host`: a name, or the path of a profile; this machine if undefined. */
  host: string | undefined;
  /** Engines to tell of. */
  engines: readonly EngineName[];
  force: boolean;
}

/**
 * Shows what would happen on a host.
 *
 * @throws {UsageError} For a name that is no host's, or a wrong profile.
 */
export function forecastOn({ host, engines, force }: ForecastAsked, tests: readonly TestCase[]): Forecast {
  const described = describedFacts(capabilityNames());
  const live = host === undefined ? factsOf(liveHost, capabilityNames()) : undefined;
  const facts = (name: string) => (live !== undefined && name === liveHost.name ? live : described(name));
  return forecast({ host: host ?? liveHost.name, tests, engines, force, facts });
}
