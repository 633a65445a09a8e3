/** A test whose time is up says where each of its threads was, natively and recorded, and keeps the trace up to there. */

import { test } from "bun:test";
import { resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TraceReader } from "../engine/trace/mod.ts";
import { embeddedEngine } from "../runner/engines/mod.ts";
import { threadLine } from "../runner/reporters/failure-lines.ts";
import { FakeRun, shellTest } from "../runner/run/_fixtures.ts";
import { TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

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
