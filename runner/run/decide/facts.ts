/** What is known of hosts when a run begins: only what the tests' conditions name is asked for, each host once. */
import { capabilitiesOf, type Finding, type Host } from "../../host/mod.ts";
import type { TestCase } from "../types.ts";
import type { HostFacts } from "./decide.ts";

/** All capabilities that conditions of tests name. */
export function namedCapabilities(tests: readonly TestCase[]): ReadonlySet<string> {
  const lists = tests.flatMap(({ conditions }) => Object.values(conditions).flat());
  return new Set(lists.flatMap(({ when }) => when));
}

/**
 * Asks a host. A probe that goes wrong is told of and does not keep the others from being asked.
 *
 * @param host This machine or a described one.
 * @param names Capabilities.
 */
export function factsOf(host: Host, names: Iterable<string>): HostFacts {
  const wanted = [...names];
  const subject = host.kind === "live" ? "this host" : host.name;
  try {
    return { subject, capabilities: capabilitiesOf(host, wanted), broken: new Map() };
  } catch {
    // One of them went wrong; one at a time shows which.
    return oneByOne(host, subject, wanted);
  }
}

function oneByOne(host: Host, subject: string, names: readonly string[]): HostFacts {
  const capabilities = new Map<string, Finding>();
  const broken = new Map<string, string>();
  for (const name of names) {
    try {
      for (const [found, finding] of capabilitiesOf(host, [name])) capabilities.set(found, finding);
    } catch (error) {
      broken.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  return { subject, capabilities, broken };
}
