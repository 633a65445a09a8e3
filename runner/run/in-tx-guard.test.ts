/** The guard over a stand-in for the kernel, and what a run does with a guard. */
import { test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describedFacts, FakePerf } from "../../ffi/perf/_fixtures.ts";
import { type Host, liveHost } from "../host/mod.ts";
import type { Guard } from "../processes/guard.ts";
import { runProcess } from "../processes/process.ts";
import { FAKE_ENGINE, FakeRun, type FakeRunOptions, shellTest } from "./_fixtures.ts";
import { inTxGuard } from "./in-tx-guard.ts";
import type { TestResult } from "./types.ts";

const HASWELL = describedFacts("GenuineIntel", [6, 0x3c, 3], {}, true);
const ZEN = describedFacts("AuthenticAMD", [0x19, 0x11, 1]);
/** Offsets of config and flags in struct perf_event_attr; its flags `inherit` (bit 1) and `exclude_kernel` (5). */
const [CONFIG, FLAGS, INHERIT, EXCLUDE_KERNEL] = [8, 40, 1n << 1n, 1n << 5n];
const IN_TX = 1n << 32n;

function described(facts: typeof HASWELL, perf: FakePerf): Host {
  return { ...liveHost, ...facts, kind: "described", name: "described", perf };
}

test("inTxGuard() counts branches in transactions of a process and all that it starts", () => {
  const perf = new FakePerf();
  const guard = inTxGuard(described(HASWELL, perf));
  assert("watch" in guard);
  using watch = guard.watch(4711);
  const attr = perf.attrs.at(-1);
  assert(attr);
  const view = new DataView(attr.buffer);
  assertEquals(view.getBigUint64(CONFIG, true) & IN_TX, IN_TX);
  assertEquals(view.getBigUint64(FLAGS, true) & (INHERIT | EXCLUDE_KERNEL), INHERIT | EXCLUDE_KERNEL);
  assertEquals(perf.calls.findLast(({ call }) => call === "open")?.args[0], 4711);
  perf.words = [0n, 10n, 10n];
  assertEquals(watch.alarm(), undefined);
  perf.words = [17n, 20n, 20n];
  assertEquals(
    watch.alarm(),
    "stopped by the IN_TX guard: 17 conditional branches in transactions, so that ticks can't be trusted",
  );
});

test("inTxGuard() trusts no counter that was not on the processor all the time, or can't be read", () => {
  const perf = new FakePerf();
  const guard = inTxGuard(described(HASWELL, perf));
  assert("watch" in guard);
  using watch = guard.watch(1);
  perf.words = [0n, 20n, 10n];
  assertStringIncludes(watch.alarm() ?? "", "counted only 50 % of the time");
  perf.words = [];
  perf.readResult = 0;
  assertStringIncludes(watch.alarm() ?? "", "can't be read any more");
});

test("inTxGuard() says why nothing can be watched: no PMU, no such bit", () => {
  const perf = new FakePerf();
  perf.openResults = [-2];
  const none = inTxGuard(described(HASWELL, perf));
  assert("reason" in none);
  assertStringIncludes(none.reason, "ENOENT");
  const amd = inTxGuard(described(ZEN, new FakePerf()));
  assert("reason" in amd);
  assertStringIncludes(amd.reason, "AuthenticAMD");
});

/** Whether this kernel lets the tests count at all. */
const counts = "watch" in inTxGuard(liveHost, "page-faults");
(counts ? test : test.skip)(
  `inTxGuard() watches real processes from before they begin, by an event that every host has${counts ? "" : " (skipped: perf is forbidden here)"}`,
  async () => {
    const guard = inTxGuard(liveHost, "page-faults");
    assert("watch" in guard);
    using run = new FakeRun();
    const file = (name: string) => join(run.root, name);
    const spec = {
      command: ["sh", "-c", "sh -c 'exit 3'"],
      cwd: run.root,
      environment: {},
      stdin: undefined,
      stdout: file("stdout"),
      stderr: file("stderr"),
      timeoutSeconds: 30,
      abort: run.abort.signal,
    };
    const end = await runProcess({ ...spec, guard });
    assert(end.kind === "stopped", "no program begins without a page fault");
    const calm: Guard = {
      watch(pid) {
        const watch = guard.watch(pid);
        assertEquals(watch.alarm(), undefined, "it has not begun");
        return { alarm: () => undefined, [Symbol.dispose]: () => watch[Symbol.dispose]() };
      },
    };
    const whole = await runProcess({ ...spec, guard: calm });
    assert(whole.kind === "exited");
    assertEquals(whole.exit, { code: 3 });
  },
);

test("runProcess() tells how a process ended that was killed while it was held", async () => {
  using run = new FakeRun();
  const file = (name: string) => join(run.root, name);
  const guard: Guard = {
    watch(pid) {
      process.kill(pid, "SIGKILL");
      return { alarm: () => undefined, [Symbol.dispose]: () => {} };
    },
  };
  const end = await runProcess({
    command: ["true"],
    cwd: run.root,
    environment: {},
    stdin: undefined,
    stdout: file("stdout"),
    stderr: file("stderr"),
    timeoutSeconds: 30,
    abort: run.abort.signal,
    guard,
  });
  assert(end.kind === "exited");
  assertEquals(end.exit, { signal: 9 });
});

/** The result of a test that is not supported here, run by force. */
async function forced(script: string, options: FakeRunOptions): Promise<TestResult> {
  using run = new FakeRun();
  const { conditions } = shellTest("");
  const unsupported = [{ when: [], engine: [], reason: "not here" }];
  const test = shellTest(script, { conditions: { ...conditions, unsupported } });
  const engines = {
    embedded: { ...FAKE_ENGINE, countsByPmu: true },
    rr: { refusal: "there is no rr", missing: ["rr"] },
    rrIsFit: false,
  };
  const { results } = await run.run([test], { force: true, engines, ...options });
  const [result] = results;
  assert(result);
  return result;
}

test("runTests() by force lets a guard watch the recording from before it begins, and marks the pass", async () => {
  const states: string[] = [];
  const guard: Guard = {
    watch(pid) {
      states.push(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] ?? "");
      return { alarm: () => undefined, [Symbol.dispose]: () => states.push("disposed") };
    },
  };
  const { verdict } = await forced("echo output", { guard: () => guard });
  assert(verdict.kind === "pass");
  assertEquals(
    verdict.flags?.map(({ text }) => text),
    ["forced: not here"],
  );
  assertEquals(states, ["T", "disposed"]);
});

test("runTests() by force stops a recording that the guard is alarmed of", async () => {
  using run = new FakeRun();
  const marker = join(run.root, "reached");
  const reason = "stopped by the IN_TX guard";
  const guard: Guard = { watch: () => ({ alarm: () => reason, [Symbol.dispose]: () => {} }) };
  // Natively it is quick; recorded it hangs, until it is stopped.
  const { verdict } = await forced(`[ -e ${marker} ] && sleep 60; touch ${marker}`, { guard: () => guard });
  assertEquals(verdict, { kind: "broken", reason });
  assert(existsSync(marker));
});

test("runTests() by force needs no guard where ticks are counted in software", async () => {
  const engines = {
    embedded: FAKE_ENGINE,
    rr: { refusal: "there is no rr", missing: ["rr"] },
    rrIsFit: false,
  };
  const { verdict } = await forced("echo output", { engines, guard: () => ({ reason: "no PMU" }) });
  assert(verdict.kind === "pass");
  assertEquals(
    verdict.flags?.map(({ text }) => text),
    ["forced: not here"],
  );
});

test("runTests() by force says where nobody can watch, and skips without force", async () => {
  const { verdict } = await forced("echo output", { guard: () => ({ reason: "no PMU" }) });
  assert(verdict.kind === "pass");
  assertEquals(verdict.flags?.at(1)?.text, "forced: the IN_TX guard can't watch: no PMU");
  const skipped = await forced("echo output", { force: false });
  assertEquals(skipped.verdict, { kind: "skip", reason: "not here", missing: [] });
});
