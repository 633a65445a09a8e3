/** Puts together what tests are prepared with: engines that start here, and what is known of the hosts. */
import { type EngineChoice, findEngines, RR_CAPABILITIES } from "../engines/mod.ts";
import { liveHost } from "../host/mod.ts";
import type { HostFacts } from "./decide.ts";
import { factsOf, namedCapabilities } from "./facts.ts";
import type { Surroundings } from "./prepare.ts";
import type { TestCase } from "./types.ts";

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
  const known = new Map<string | undefined, HostFacts>([[undefined, live]]);
  return {
    engines: findEngines(tickproof, liveHost, live.capabilities),
    choice,
    force,
    facts(host) {
      const found = known.get(host) ?? factsOf(liveHost, names);
      known.set(host, found);
      return found;
    },
  };
}
