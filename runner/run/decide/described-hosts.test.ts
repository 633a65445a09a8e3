/** The rule of the hle test and its guard, over models of described hosts: nothing here is a canned answer. */
import { test } from "bun:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { haswell, KVM } from "../../../engine/host/_profiles.ts";
import { createHostModel, type HostProfile } from "../../../engine/host/mod.ts";
import { describedHost, type EngineName, profileNames } from "../../host/mod.ts";
import { ownManifests } from "../../manifest/_own-manifests.ts";
import { loadManifest } from "../../manifest/mod.ts";
import { inTxGuard } from "../in-tx-guard.ts";
import { manifestTests } from "../select/plan.ts";
import type { Decision } from "../types.ts";
import { decide } from "./decide.ts";
import { factsOf, namedCapabilities } from "./facts.ts";
import { forecastOn } from "./surroundings.ts";

/** A task on a model, other than the one that probes. */
const TASK = 4711;

const tests = ownManifests()
  .flatMap((path) => manifestTests(loadManifest(path)))
  .filter(({ id }) => id === "core/hle");

/** What is done with the hle test on a host. */
function hleOn(profile: HostProfile, engine: EngineName, force = false): Decision {
  const facts = factsOf(describedHost(createHostModel(profile)), namedCapabilities(tests));
  assert(tests[0]);
  assertEquals([...facts.broken], []);
  return decide(tests[0].conditions, engine, facts, force);
}

test("the hle test is skipped for rr on a KVM guest with the bug, with what the probe has counted there", () => {
  const decision = hleOn(haswell({ hypervisor: KVM }), "rr");
  assert(decision.kind === "skip");
  assertMatch(
    decision.note.text,
    /^test-haswell has 'kvm-in-txcp-bug' \(\d+ of 500 branches counted\): rr can't count ticks of aborted/,
  );
});

/** What rr does with the hle test on each host that is shipped, by the capabilities that decide it. */
const HLE_BY_RR: Record<string, string> = {
  "alder-lake": "run, flagged for hle-ignored",
  "ampere-altra": "run, flagged for hle-ignored",
  "ampere-one": "run, flagged for hle-ignored",
  "apple-m-vm": "skip for cpu-known-to-rr, hardware-events",
  "arrow-lake-h": "run, flagged for hle-ignored",
  "aws-c5-9xlarge": "skip for context-switch-events",
  "azure-d4s-v5": "skip for context-switch-events, hardware-events",
  "clearwater-forest": "skip for cpu-known-to-rr",
  "cloud-no-pmu": "skip for context-switch-events, hardware-events",
  "docker-seccomp": "skip for perf-allowed",
  firecracker: "skip for context-switch-events, hardware-events",
  "gce-c4": "run, flagged for hle-ignored",
  "gce-c4-architectural": "skip for pmu",
  "github-actions": "skip for perf-allowed",
  "gitlab-saas": "skip for perf-allowed",
  "granite-rapids": "run, flagged for hle-ignored",
  graviton2: "run, flagged for hle-ignored",
  graviton3: "run, flagged for hle-ignored",
  graviton4: "run, flagged for hle-ignored",
  gvisor: "skip for perf-allowed",
  haswell: "run",
  "haswell-6.12": "run, flagged for hle-ignored",
  "haswell-6.14": "skip for hardware-events",
  "haswell-kvm-4.7": "skip for kvm-in-txcp-bug",
  "haswell-kvm-few-counters": "skip for hle, multiplexing",
  "haswell-kvm-fixed": "run",
  "haswell-kvm-nested": "skip for kvm-in-txcp-bug",
  "haswell-kvm-spurious-hle": "skip for kvm-in-txcp-bug",
  "haswell-vmware": "skip for context-switch-events",
  "haswell-xen-pmi": "skip for xen-pmi-overcount",
  "hyper-v": "skip for context-switch-events",
  "ice-lake": "run, flagged for hle-ignored",
  knl: "run, flagged for hle-ignored",
  "kvm-mediated-vpmu": "run, flagged for hle-ignored",
  "lunar-lake": "run, flagged for hle-ignored",
  "panther-lake": "skip for cpu-known-to-rr",
  "paranoid-4": "skip for perf-allowed",
  "raptor-lake-unpinned": "run, flagged for hle-ignored",
  "sandy-bridge-kvm": "run, flagged for hle-ignored",
  "sapphire-rapids": "run, flagged for hle-ignored",
  "sierra-forest": "skip for cpu-known-to-rr",
  "skylake-tsx-off": "run, flagged for hle-ignored",
  zen3: "run, flagged for hle-ignored",
  "zen3-spec-lock-map": "skip for rr-accepts-processor",
  zen4: "run, flagged for hle-ignored",
  "zen5-client": "run, flagged for hle-ignored",
  "zen5-turin": "skip for cpu-known-to-rr",
  "zen5-turin-5.15": "skip for cpu-known-to-rr",
  zen6: "run, flagged for hle-ignored",
};

test("the hle test is run, flagged or skipped for rr on each described host for the right capabilities", () => {
  const seen = profileNames().map((host) => {
    const [prospect] = forecastOn({ host, engines: ["rr"], force: false }, tests).prospects;
    const decision = prospect?.decision;
    if (decision?.kind === "skip") return [host, `skip for ${decision.note.capabilities.join(", ")}`];
    assert(decision?.kind === "run");
    const flags = decision.flags.flatMap(({ capabilities }) => capabilities);
    return [host, flags.length > 0 ? `run, flagged for ${flags.join(", ")}` : "run"];
  });
  assertEquals(Object.fromEntries(seen), HLE_BY_RR);
});

test("the hle test is run by rr on a KVM guest with the fix and on hardware, and by the embedded engine on all", () => {
  const fixed = haswell({ hypervisor: { ...KVM, inTxCpFix: true } });
  for (const [profile, engine] of [
    [fixed, "rr"],
    [haswell(), "rr"],
    [haswell({ hypervisor: KVM }), "embedded"],
  ] as const) {
    const decision = hleOn(profile, engine);
    assert(decision.kind === "run");
    assertEquals([decision.flags, decision.forced], [[], []]);
  }
});

test("the hle test is run and flagged where microcode has taken elision away", () => {
  const tsx = { hle: false, rtm: false, alwaysAborts: false };
  const { cpu } = haswell();
  const decision = hleOn(haswell({ cpu: { ...cpu, tsx } }), "rr");
  assert(decision.kind === "run");
  assertEquals(
    decision.flags.map(({ capabilities }) => capabilities),
    [["hle-ignored"]],
  );
});

test("inTxGuard() is alarmed as soon as a branch in a transaction retires on a host with the bug", () => {
  const model = createHostModel(haswell({ hypervisor: KVM }));
  const guard = inTxGuard(describedHost(model));
  assert("watch" in guard);
  model.switchIn(TASK);
  using watch = guard.watch(TASK);
  model.advance(TASK, { branches: 100_000 });
  assertEquals(watch.alarm(), undefined);
  // Off the processor and back: it is a plain counter, and loses nothing.
  model.switchOut(TASK);
  model.switchIn(TASK);
  model.advance(TASK, { branches: 100, committedBranches: 3 });
  assertMatch(watch.alarm() ?? "", /^stopped by the IN_TX guard: 3 conditional branches in transactions/);
});

test("inTxGuard() sees what an aborted transaction leaves, and what tasks do that start later", () => {
  const model = createHostModel(haswell({ hypervisor: KVM }));
  const guard = inTxGuard(describedHost(model));
  assert("watch" in guard);
  model.switchIn(TASK);
  using watch = guard.watch(TASK);
  model.fork(TASK, TASK + 1);
  model.switchOut(TASK);
  model.switchIn(TASK + 1);
  model.advance(TASK + 1, { branches: 10, abortedBranches: 7 });
  assertMatch(watch.alarm() ?? "", /: 7 conditional branches in transactions/);
});

test("inTxGuard() can't watch a guest without a PMU, and says so", () => {
  const guard = inTxGuard(describedHost(createHostModel(haswell({ hypervisor: { ...KVM, vpmu: false } }))));
  assert("reason" in guard);
  assertMatch(guard.reason, /^perf_event_open\(.*\) failed: \w+/);
});
