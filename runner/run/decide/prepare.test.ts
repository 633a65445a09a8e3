import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Engines, embeddedEngine, rrEngine } from "../../engines/mod.ts";
import { liveHost, loadDescribedHost } from "../../host/mod.ts";
import { shellTest } from "../_fixtures.ts";
import type { TestCase } from "../types.ts";
import { factsOf } from "./facts.ts";
import { prepare, type Surroundings } from "./prepare.ts";

const rr = rrEngine({ path: "/usr/bin/rr", version: "5.6.0", softwareCounters: false });
const working: Engines = { embedded: embeddedEngine([]), rr, rrIsFit: true };
const refusing: Engines = {
  embedded: embeddedEngine([]),
  rr: { refusal: "rr says: no PMU", missing: ["rr-starts"] },
  rrIsFit: false,
};

function surroundings(engines: Engines, choice: Surroundings["choice"], bug = false): Surroundings {
  const state = bug ? "yes" : "no";
  const capabilities = new Map([["kvm-in-txcp-bug", { state, evidence: "312 of 500" } as const]]);
  return {
    engines,
    choice,
    force: false,
    facts: () => ({ subject: "this host", capabilities, broken: new Map() }),
  };
}

const plain = shellTest("true");
const gated: TestCase = {
  ...plain,
  conditions: { ...plain.conditions, unsupported: [{ when: ["kvm-in-txcp-bug"], engine: ["rr"] }] },
};

/** The engine of a test and what is done with it. */
function prepared(test: TestCase, ...around: Parameters<typeof surroundings>): [string, string] {
  const { engine, plan } = prepare(test, surroundings(...around));
  return [engine, plan.kind];
}

test("prepare() takes the manifest's engine, and the command line's before it", () => {
  assertEquals(prepared(plain, working, undefined), ["embedded", "run"]);
  assertEquals(prepared({ ...plain, engine: "rr" }, working, undefined), ["rr", "run"]);
  assertEquals(prepared({ ...plain, engine: "rr" }, working, "embedded"), ["embedded", "run"]);
});

test("prepare() by auto takes rr where it works and is fit for the test, else the embedded engine", () => {
  assertEquals(prepared(plain, working, "auto"), ["rr", "run"]);
  assertEquals(prepared(plain, refusing, "auto"), ["embedded", "run"]);
  assertEquals(prepared(plain, { ...working, rrIsFit: false }, "auto"), ["embedded", "run"]);
  assertEquals(prepared(gated, working, "auto", true), ["embedded", "run"]);
  assertEquals(prepared(gated, working, "auto", false), ["rr", "run"]);
});

test("prepare() skips what is meant for rr where rr refuses, by the manifest's reason first", () => {
  const { plan } = prepare(plain, surroundings(refusing, "rr"));
  assert(plan.kind === "skip");
  assertEquals([plan.note.text, plan.note.missing], ["rr says: no PMU", ["rr-starts"]]);
  const bug = prepare(gated, surroundings(refusing, "rr", true)).plan;
  assert(bug.kind === "skip");
  assertEquals(bug.note.text, "this host has 'kvm-in-txcp-bug' (312 of 500)");
});

test("prepare() skips what a described host of another architecture can't run", () => {
  const test: TestCase = { ...plain, host: "graviton2" };
  const facts = (host: string | undefined) =>
    host === undefined ? factsOf(liveHost, []) : factsOf(loadDescribedHost(host), ["x86-64"]);
  const { plan } = prepare(test, { ...surroundings(working, "auto"), facts });
  assert(plan.kind === "skip");
  assertEquals(plan.note.missing, ["x86-64"]);
  assertStringIncludes(plan.note.text, "no program of this machine can run as on graviton2: ARM part 0xd0c");
});

test("prepare() leaves described hosts and scripts to the embedded engine", () => {
  const script: TestCase = { ...plain, target: { kind: "script", path: "/s.ts", index: 0 } };
  assertEquals(prepared(script, working, "auto"), ["embedded", "run"]);
  assertEquals(prepared(script, working, "rr"), ["rr", "skip"]);
  const described: TestCase = { ...plain, host: "haswell-kvm-4.7" };
  assertEquals(prepared(described, working, "auto"), ["embedded", "run"]);
  assertEquals(prepared(described, working, "rr"), ["rr", "skip"]);
});

test("factsOf() tells which probe went wrong and asks the others", () => {
  const host = {
    ...liveHost,
    cpuid: () => {
      throw new Error("cpuid faults");
    },
  };
  const { capabilities, broken } = factsOf(host, ["hle", "compiler"]);
  assertEquals([...broken], [["hle", "cpuid faults"]]);
  assertEquals(capabilities.has("compiler"), true);
});

test("factsOf() is not told of the host by an error of this process: the probe went wrong", () => {
  const EMFILE = -24;
  const host = { ...liveHost, perf: { ...liveHost.perf, open: () => EMFILE } };
  const { broken } = factsOf(host, ["software-events"]);
  assertStringIncludes(broken.get("software-events") ?? "", "EMFILE");
  const ENOENT = -2;
  const without = { ...liveHost, perf: { ...liveHost.perf, open: () => ENOENT } };
  assertEquals(factsOf(without, ["software-events"]).broken.size, 0);
});

test("prepare() gives rr no test with a signal at a tick", () => {
  const signals: TestCase["signals"] = [{ send: "SIGTERM", at: { ticks: 1000 } }];
  assertEquals(prepared({ ...plain, signals }, working, "auto"), ["embedded", "run"]);
  const { plan } = prepare({ ...plain, signals }, surroundings(working, "rr"));
  assert(plan.kind === "skip");
  assertEquals(plan.note.text, "a signal at a tick needs the embedded engine");
  const later: TestCase["signals"] = [{ send: "SIGTERM", at: { ms: 10 } }];
  assertEquals(prepared({ ...plain, signals: later }, working, "rr"), ["rr", "run"]);
});
