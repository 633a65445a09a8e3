/** What tests of probes share: finding out about one capability of a fake host. */
import { assertEquals } from "@std/assert";
import { type FakeHost, fakeHost } from "../_fake-host.ts";
import { capabilitiesOf } from "../capabilities.ts";
import type { Finding } from "../types.ts";

/** Hosts with what is to be found on them: a state, and evidence that has this in it. */
export type Cases = readonly (readonly [host: FakeHost, state: Finding["state"], evidence: string])[];

/** Asserts what the probe of a capability finds on each host. */
export function expectFindings(name: string, cases: Cases): void {
  for (const [made, state, evidence] of cases) {
    const finding = capabilitiesOf(fakeHost(made), [name]).get(name);
    assertEquals(
      [finding?.state, finding?.evidence.includes(evidence)],
      [state, true],
      `${name}: ${finding?.evidence}`,
    );
  }
}
