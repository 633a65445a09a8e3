import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../../host/mod.ts";
import { ownManifests } from "../../manifest/_own-manifests.ts";
import { loadManifest } from "../../manifest/mod.ts";
import { shellTest } from "../_fixtures.ts";
import { manifestTests } from "../select/plan.ts";
import type { Decision, TestCase } from "../types.ts";
import { decide, type HostFacts } from "./decide.ts";
import { judgeAttempt } from "./judge.ts";

function facts(findings: Record<string, Finding>, broken: Record<string, string> = {}): HostFacts {
  return {
    subject: "this host",
    capabilities: new Map(Object.entries(findings)),
    broken: new Map(Object.entries(broken)),
  };
}

const NONE = shellTest("").conditions;
const yes = (evidence: string): Finding => ({ state: "yes", evidence });
const no = (evidence: string): Finding => ({ state: "no", evidence });
const unknown = (evidence: string): Finding => ({ state: "unknown", evidence });

/** The text of the note that a test is skipped with. */
function skipText(decision: Decision): string {
  assert(decision.kind === "skip");
  return decision.note.text;
}

function hle(): TestCase {
  const tests = ownManifests()
    .flatMap((path) => manifestTests(loadManifest(path)))
    .filter(({ id }) => id === "core/hle");
  assert(tests[0]);
  return tests[0];
}

const BUGGY = facts({
  "kvm-in-txcp-bug": yes("312 of 500 branches counted"),
  "hle-ignored": no("cpuid has HLE"),
});

test("the hle test is skipped for rr on a host with the KVM IN_TXCP bug, with the probe's evidence", () => {
  const decision = decide(hle().conditions, "rr", BUGGY, false);
  assertStringIncludes(
    skipText(decision),
    "this host has 'kvm-in-txcp-bug' (312 of 500 branches counted): rr can't count",
  );
  assert(decision.kind === "skip");
  assertEquals(decision.note.url, "https://github.com/rr-debugger/rr/issues/1952");
  assertEquals(decide(hle().conditions, "embedded", BUGGY, false).kind, "run");
});

test("the hle test is run by rr with force, and is marked", () => {
  const decision = decide(hle().conditions, "rr", BUGGY, true);
  assert(decision.kind === "run");
  assertEquals(decision.forced.length, 1);
  const verdict = judgeAttempt({ kind: "pass" }, decision);
  assert(verdict.kind === "pass");
  assertStringIncludes(verdict.flags?.[0]?.text ?? "", "forced: this host has 'kvm-in-txcp-bug'");
});

test("the hle test is run and flagged where the processor ignores the prefixes", () => {
  const ignoring = facts({ "kvm-in-txcp-bug": unknown("no PMU"), "hle-ignored": yes("cpuid has no HLE") });
  for (const engine of ["embedded", "rr"] as const) {
    const decision = decide(hle().conditions, engine, ignoring, false);
    assert(decision.kind === "run");
    assertStringIncludes(decision.flags[0]?.text ?? "", "are ignored (cpuid has no HLE): the sections");
  }
});

test("decide() skips what the host lacks, or nobody can tell, and says which", () => {
  const conditions = { ...NONE, requires: [{ when: ["pmu", "in-tx"], engine: [] }] };
  const lacking = decide(conditions, "rr", facts({ pmu: yes("all well"), "in-tx": no("AMD") }), false);
  assertEquals(skipText(lacking), "this host has no 'in-tx' (AMD)");
  assert(lacking.kind === "skip");
  assertEquals(lacking.note.missing, ["in-tx"]);
  const open = facts({ pmu: yes("all well"), "in-tx": unknown("no table") });
  assertEquals(
    skipText(decide(conditions, "rr", open, false)),
    "it can't be told whether this host has 'in-tx' (no table)",
  );
  assertEquals(decide(conditions, "rr", open, true).kind, "skip", "force does not make up for it");
});

test("decide() needs all capabilities of a condition, and heeds its engines", () => {
  const both = { ...NONE, unsupported: [{ when: ["kvm", "throttled"], engine: ["rr" as const] }] };
  assertEquals(decide(both, "rr", facts({ kvm: yes("k"), throttled: no("t") }), false).kind, "run");
  const found = facts({ kvm: yes("k"), throttled: yes("t") });
  const text = skipText(decide(both, "rr", found, false));
  assertStringIncludes(text, "(k), this host has 'throttled' (t)");
  assertEquals(decide(both, "embedded", found, false).kind, "run");
});

test("decide() is broken where a probe went wrong", () => {
  const conditions = { ...NONE, flag: [{ when: ["pmu"], engine: [] }] };
  assertEquals(decide(conditions, "rr", facts({}, { pmu: "perf_event_open failed: EMFILE" }), false), {
    kind: "broken",
    reason: "the probe 'pmu' went wrong: perf_event_open failed: EMFILE",
  });
});

test("judgeAttempt() expects what is known to fail", () => {
  const conditions = { ...NONE, xfail: [{ when: [], engine: ["embedded" as const], reason: "not yet" }] };
  const decision = decide(conditions, "embedded", facts({}), false);
  assert(decision.kind === "run");
  assertEquals(judgeAttempt({ kind: "fail", reasons: ["ticks"] }, decision), {
    kind: "xfail",
    reason: "not yet",
    found: ["ticks"],
  });
  assertEquals(judgeAttempt({ kind: "timeout", phase: "record", seconds: 3 }, decision).kind, "xfail");
  assertEquals(judgeAttempt({ kind: "pass" }, decision), { kind: "xpass", reason: "not yet" });
  const broken = { kind: "broken", reason: "no compiler" } as const;
  assertEquals(judgeAttempt(broken, decision), broken);
  const other = decide(conditions, "rr", facts({}), false);
  assert(other.kind === "run");
  assertEquals(other.xfail, undefined);
});
