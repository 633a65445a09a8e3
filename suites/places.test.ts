/** A test whose time is up says where each of its threads was, natively, recorded and replayed, and keeps the trace up to there. */

import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TraceReader } from "../engine/trace/mod.ts";
import { embeddedEngine } from "../runner/engines/mod.ts";
import { threadPlaces } from "../runner/engines/places.ts";
import { readReport } from "../runner/outcome/mod.ts";
import { descendants } from "../runner/processes/process-tree.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { threadLine } from "../runner/reporters/failure-lines.ts";
import { FakeRun, shellTest } from "../runner/run/_fixtures.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const SOURCE = resolve(import.meta.dir, "hanging/waiting_threads.c");

for (const phase of ["native", "record"] as const) {
  test(
    `a timeout of the ${phase} phase tells the call, the function and the line of each thread`,
    async () => {
      using fake = new FakeRun();
      const { results } = await fake.run(
        [shellTest("", { target: { kind: "source", path: SOURCE }, args: [], timeoutSeconds: 4 })],
        {
          nativeRuns: phase === "native" ? 1 : 0,
          engines: {
            embedded: embeddedEngine(TICKPROOF),
            rr: { refusal: "there is no rr", missing: ["rr"] },
            rrIsFit: false,
          },
        },
      );
      const attempt = results[0]?.attempts[0];
      assertEquals(attempt?.verdict, { kind: "timeout", phase, seconds: 4 });
      const [main, waiting, spinning] = (attempt?.threads ?? []).map(threadLine);
      assertMatch(
        main ?? "",
        /^task \d+: in futex \(system call\) at 0x\w+ \S+ \(libc\.so\.6\), called from main at waiting_threads\.c:30$/,
      );
      assertMatch(
        waiting ?? "",
        /^task \d+: in futex \(system call\) at 0x\w+ \S*pthread_cond_wait\S* \(libc\.so\.6\), called from waits at waiting_threads\.c:12$/,
      );
      assertMatch(
        spinning ?? "",
        phase === "native"
          ? /^task \d+: running/
          : /^task \d+: running at 0x\w+ spins at waiting_threads\.c:1[89]$/,
      );
      if (phase === "native") return;
      assert(attempt?.trace);
      const reader = TraceReader.open(attempt.trace);
      let last = reader.next();
      for (let event = last; event !== undefined; event = reader.next()) last = event;
      assertEquals([last?.kind, reader.incomplete], ["end", undefined], "the trace has its end");
    },
    TEST_TIMEOUT,
  );
}

/** Processor time, in hundredths of a second, that only the counting loop takes. */
const BUSY_TICKS = 10;

/** The most processor time that a child of a process has taken (proc_pid_stat(5)). */
function busiest(pid: number): number {
  const times = descendants(pid).map((child) => {
    try {
      const stat = readFileSync(`/proc/${child}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
    } catch {
      return 0; // it ended meanwhile
    }
  });
  return Math.max(0, ...times);
}

/** Turns of the counting loop: a replay of it is long enough to be told to stop in its midst. */
const TURNS = 300_000_000;

test(
  "a replay that is told to stop tells where each thread was, and so does the timeout of a replay phase",
  async () => {
    using scratch = new Scratch();
    const source = resolve(import.meta.dir, "hanging/long_way.c");
    const compilation = await compile(source, findCompiler(process.env, "c"));
    assert(compilation.ok);
    const trace = scratch.file("trace");
    const recorded = run([...TICKPROOF, "record", "-q", "-o", trace, compilation.path, String(TURNS)]);
    assertEquals(recorded.exit, { code: 0 });
    const report = scratch.file("report.json");
    for (;;) {
      const child = Bun.spawn([...TICKPROOF, "replay", "-q", "--report", report, trace], {
        stdout: "ignore",
      });
      while (child.exitCode === null && busiest(child.pid) < BUSY_TICKS) await Bun.sleep(1);
      child.kill("SIGTERM");
      await child.exited;
      const told = readReport(report);
      assert(told?.kind === "replay", JSON.stringify(told));
      // On a busy machine the signal may come when all is over.
      if (told.outcome === "replayed") continue;
      assertEquals(told.outcome, "interrupted");
      const [main, waiting] = threadPlaces(told).map(threadLine);
      assertMatch(main ?? "", /^task \d+: running at 0x\w+ counts at long_way\.c:(18|19|20|21)$/);
      assertMatch(waiting ?? "", /^task \d+: .*called from waits at long_way\.c:13$/);
      break;
    }
  },
  TEST_TIMEOUT,
);
