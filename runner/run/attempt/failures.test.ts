/** Programs that fail by themselves: that is their failure, not the host's, and what is recorded is the failure. */

import { test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertExists, assertMatch, assertStringIncludes } from "@std/assert";
import type { Engine } from "../../engines/types.ts";
import type { Attempt } from "../../results/mod.ts";
import { FAKE_ENGINE, FakeRun, type FakeRunOptions, faultyTest, shellTest } from "../_fixtures.ts";
import { Snapshots } from "../compare/snapshots.ts";
import type { TestCase, TestResult } from "../types.ts";

/** Runs one test once; what was kept is looked at before it goes. */
async function run(
  test: TestCase,
  look: (result: TestResult, attempt: Attempt) => void,
  options: FakeRunOptions = {},
): Promise<void> {
  using fake = new FakeRun();
  const { results } = await fake.run([test], options);
  assertExists(results[0]);
  assertExists(results[0].attempts[0]);
  look(results[0], results[0].attempts[0]);
}

/** What the recording of a kept attempt has kept of the program's output. */
function recorded({ trace = "" }: Attempt): string {
  return JSON.parse(readFileSync(join(trace, "kept"), "utf8")).stdout;
}

/** A script that fails where its counter, which goes on with every run, is one of these. */
class Flaky implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "tickproof-flaky-"));
  readonly script: string;

  constructor(pattern: string) {
    writeFileSync(join(this.folder, "count"), "");
    this.script = `printf x >> count; n=$(wc -c < count); echo "run $n"; case $n in ${pattern}) exit 3;; esac`;
  }

  get runs(): number {
    return readFileSync(join(this.folder, "count"), "utf8").length;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

test("a program that exits wrongly fails, is recorded, and its trace is that of the failure", async () => {
  await run(shellTest("echo before; exit 3"), ({ verdict }, attempt) => {
    assertEquals(verdict, { kind: "fail", reasons: ["exit code 3, expected exit code 0"] });
    assertEquals(Object.keys(attempt.milliseconds), ["native", "record", "replay"]);
    assertEquals(recorded(attempt), "before\n");
    assertEquals(attempt.output, "before");
    assertEquals(attempt.notes, undefined);
  });
});

test("of a program that ends wrongly the end of both outputs is told, also where only the native run has", async () => {
  await run(shellTest("seq 20; exit 3"), (_, attempt) => {
    assertEquals(attempt.output, "11\n12\n13\n14\n15\n16\n17\n18\n19\n20");
  });
  using flaky = new Flaky("1");
  const options = { catchTries: 1 };
  const test = shellTest(`echo refused >&2; ${flaky.script}`, { cwd: flaky.folder });
  await run(test, (_, attempt) => assertEquals(attempt.output, "run 1\nrefused"), options);
});

test("a program that dies of a signal fails and is recorded", async () => {
  await run(shellTest("echo before; kill -SEGV $$"), ({ verdict }, attempt) => {
    assertEquals(verdict, { kind: "fail", reasons: ["death by SIGSEGV, expected exit code 0"] });
    assertEquals(recorded(attempt), "before\n");
  });
});

test("a program that prints something else fails, with how it differs line by line", async () => {
  const stdout = { equals: "one\ntwo\nthree\n", contains: ["two"], matches: ["^t"] };
  await run(shellTest("echo one; echo 2; echo three", { expect: { stdout } }), ({ verdict }, attempt) => {
    assert(verdict.kind === "fail");
    assertEquals(verdict.reasons, [
      'stdout is "one\\n2\\nthree\\n" instead of "one\\ntwo\\nthree\\n"',
      'stdout lacks "two": it is "one\\n2\\nthree\\n"',
    ]);
    const hunks = [{ expectedStart: 1, foundStart: 1, lines: [" one", "-two", "+2", " three"] }];
    assertEquals(attempt.differences, [
      { stream: "stdout", phase: "record", against: "the manifest", hunks, more: 0 },
    ]);
  });
});

test("a program that misses its snapshot fails and is recorded", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "tickproof-snapshot-"));
  try {
    const snapshot = { cwd, expect: { stdout: { snapshot: true } } };
    await run(shellTest("seq 3", snapshot), ({ verdict }) => assertEquals(verdict.kind, "pass"), {
      snapshots: new Snapshots("write-missing"),
    });
    await run(
      shellTest("seq 4", snapshot),
      ({ verdict }, attempt) => {
        assert(verdict.kind === "fail");
        assertMatch(verdict.reasons[0] ?? "", /^stdout differs at byte 6 .*--update-snapshots/);
        assertMatch(attempt.differences?.[0]?.against ?? "", /^the snapshot .*__snapshots__/);
        assertEquals(attempt.differences?.[0]?.hunks[0]?.lines, [" 1", " 2", " 3", "+4"]);
        assertEquals(recorded(attempt), "1\n2\n3\n4\n");
      },
      { snapshots: new Snapshots("compare") },
    );
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

test("what fails in one phase only is told with the phase", async () => {
  using native = new Flaky("1");
  await run(shellTest(native.script, { cwd: native.folder }), ({ verdict }) => {
    assertEquals(verdict, { kind: "fail", reasons: ["natively: exit code 3, expected exit code 0"] });
  });
  using record = new Flaky("2");
  await run(shellTest(record.script, { cwd: record.folder }), ({ verdict }) => {
    assertEquals(verdict, { kind: "fail", reasons: ["recorded: exit code 3, expected exit code 0"] });
  });
});

test("a flaky program that fails natively is recorded until the failure is caught, which is said", async () => {
  using flaky = new Flaky("1|5");
  await run(shellTest(flaky.script, { cwd: flaky.folder }), ({ verdict }, attempt) => {
    assertEquals(verdict, { kind: "fail", reasons: ["exit code 3, expected exit code 0"] });
    assertEquals(recorded(attempt), "run 5\n");
    assertEquals(attempt.notes, ["caught by recording 4 of at most 10"]);
  });
});

test("a failure that no recording catches stays one; the number of recordings is bounded, and said", async () => {
  using flaky = new Flaky("1");
  const options = { catchTries: 3 };
  await run(
    shellTest(flaky.script, { cwd: flaky.folder }),
    ({ verdict }, attempt) => {
      assertEquals(verdict, { kind: "fail", reasons: ["natively: exit code 3, expected exit code 0"] });
      assertEquals(flaky.runs, 4);
      assertEquals(attempt.notes, ["not caught: 3 recordings did not fail; the trace is of one that passed"]);
    },
    options,
  );
});

test("a program that hangs natively is recorded, so that there is a trace of the hang", async () => {
  using hangs = new Flaky("never");
  const script = `${hangs.script}; sleep 60`;
  await run(shellTest(script, { cwd: hangs.folder, timeoutSeconds: 3 }), ({ verdict }, attempt) => {
    assertEquals(verdict, { kind: "timeout", phase: "native", seconds: 3 });
    assertEquals(hangs.runs, 2);
    // What was cut off took its whole time.
    assertEquals(attempt.milliseconds, { native: 3000, record: 3000 });
    assert(existsSync(attempt.folder ?? ""));
  });
});

test("xfail works for a program that fails by itself", async () => {
  const xfail = [{ when: [], engine: [], reason: "bug 7" }];
  const conditions = { ...shellTest("").conditions, xfail };
  await run(shellTest("exit 3", { conditions }), ({ verdict }) =>
    assertEquals(verdict, {
      kind: "xfail",
      reason: "bug 7",
      found: ["exit code 3, expected exit code 0"],
    }),
  );
});

test("where the engine gives up, what the program did natively is told all the same", async () => {
  const exit = { expect: { exit: 1 } };
  await run(faultyTest("record:error", exit), ({ verdict }) => {
    assert(verdict.kind === "fail");
    assertEquals(verdict.reasons, [
      "natively: exit code 0, expected exit code 1",
      "not recorded: the engine gave up to record: ptrace is not permitted",
    ]);
  });
});

test("a program may skip itself by exit code, with its last words as the reason", async () => {
  const skips = (script: string, more: Partial<TestCase> = {}) =>
    run(shellTest(script, more), ({ verdict }) => {
      assertEquals(verdict, {
        kind: "skip",
        reason: "the program skips itself by exit code 77: no network",
        missing: [],
      });
    });
  await skips("echo first; echo no network; exit 77");
  await skips("echo no network >&2; exit 77", { skipExit: [4, 77] });
  await run(shellTest("exit 4", { skipExit: [4] }), ({ verdict }) => assertEquals(verdict.kind, "skip"));
  await run(shellTest("exit 4"), ({ verdict }) => assertEquals(verdict.kind, "fail"));
  await run(shellTest("exit 77", { expect: { exit: 77 } }), ({ verdict }) =>
    assertEquals(verdict.kind, "pass"),
  );
  await run(shellTest("exit 77"), ({ verdict }) => assertEquals(verdict.kind, "skip"), { nativeRuns: 0 });
});

test("nothing is kept of what skips itself", async () => {
  using fake = new FakeRun();
  await fake.run([shellTest("exit 77")]);
  assertEquals(readdirSync(fake.root), []);
});

test("a difference of long outputs is shown where it is, and not in full", async () => {
  const equals = `${Array.from({ length: 50_000 }, (_, i) => i + 1).join("\n")}\n`;
  const script = "seq 49000; echo here; seq 49002 50000";
  await run(shellTest(script, { expect: { stdout: { equals } } }), (_, attempt) => {
    const lines = attempt.differences?.[0]?.hunks.flatMap((hunk) => hunk.lines) ?? [];
    assertEquals(lines.slice(2, 5), [" 49000", "-49001", "+here"]);
  });
  await run(shellTest("seq 5000", { expect: { stdout: { equals: "x\n" } } }), (_, attempt) => {
    const [difference] = attempt.differences ?? [];
    assertEquals(difference?.hunks.flatMap((hunk) => hunk.lines).length, 200);
    assertEquals(difference?.more, 5001 - 200);
  });
});

test("a run's failures of programs count in its totals as failures, not as broken", async () => {
  using fake = new FakeRun();
  const summary = await fake.run([shellTest("exit 1"), shellTest("true", { name: "good" })]);
  assertEquals([summary.failed, summary.passed], [1, 1]);
  assertStringIncludes(JSON.stringify(summary.results[0]?.verdict), "fail");
});

test("a timeout under another engine says where each thread of the program was", async () => {
  const { threadsOf: _, ...engine } = FAKE_ENGINE;
  const rr = { ...engine, name: "rr" as const };
  const engines = { embedded: FAKE_ENGINE, rr, rrIsFit: true };
  await run(
    faultyTest("record:hang", { engine: "rr", timeoutSeconds: 5 }),
    ({ verdict }, attempt) => {
      assertEquals(verdict, { kind: "timeout", phase: "record", seconds: 5 });
      assertEquals(
        attempt.threads?.map(({ syscall }) => syscall),
        ["clock_nanosleep"],
      );
    },
    { engines },
  );
});

test("a timeout of the replay phase says where the engine's threads stood", async () => {
  const asked: string[] = [];
  const standing = { task: 7, process: 7, state: "ready", pc: "0x10" } as const;
  const embedded: Engine = {
    ...FAKE_ENGINE,
    replay: () => ({ command: ["sleep", "600"] }),
    threadsOf: (phase) => {
      asked.push(phase);
      return [standing];
    },
  };
  const engines = { embedded, rr: { refusal: "there is no rr", missing: ["rr"] }, rrIsFit: false };
  await run(
    shellTest("true", { timeoutSeconds: 8 }),
    ({ verdict }, attempt) => {
      assertEquals(verdict, { kind: "timeout", phase: "replay", seconds: 8 });
      assertEquals([asked, attempt.threads], [["replay"], [standing]]);
    },
    { engines, nativeRuns: 0 },
  );
});
