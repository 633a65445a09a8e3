/** `tickproof hunt`: runs under one schedule after the other, and what is said of those that fail. */
import { afterAll, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HuntReport } from "../runner/hunt/report.ts";
import { type Ended, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const SCRATCH = new Scratch();
afterAll(() => SCRATCH[Symbol.dispose]());
const TRACES = SCRATCH.file("traces");
const ENVIRONMENT = { TICKPROOF_TRACES: TRACES };

function hunt(...words: string[]): Ended {
  return run([...TICKPROOF, "hunt", ...words], { environment: ENVIRONMENT });
}

function report(...words: string[]): { ended: Ended; found: HuntReport } {
  const ended = hunt("--json", ...words);
  return { ended, found: JSON.parse(ended.stdout.toString()) as HuntReport };
}

/** Traces of runs that are there. */
function kept(): string[] {
  const folder = join(TRACES, "runs");
  return existsSync(folder) ? readdirSync(folder) : [];
}

test(
  "a hunt without prey ends with 0, says how rare a failure may still be, and keeps nothing",
  () => {
    const { exit, stderr, stdout } = hunt("--runs", "3", "--", "/bin/true");
    assertEquals([exit, stdout.toString()], [{ code: 0 }, ""]);
    assertMatch(stderr, /^tickproof: none of 3 runs failed: 0\.0 % \(0\.0 to 56\.1 %\), in \d+ seconds?$/m);
    assertEquals(kept(), []);
  },
  TEST_TIMEOUT,
);

test(
  "a failure is kept with its seed, tried again, and replays; the commands to go on are those that work",
  () => {
    const { exit, stderr } = hunt(
      "--seed",
      "40",
      "--again",
      "1",
      "--",
      "/bin/sh",
      "-c",
      "echo no luck >&2; exit 3",
    );
    assertEquals(exit, { code: 1 });
    const [, seed, trace] =
      /run 1 under seed (4[01]) failed: .*: ended with exit code 3\n {2}printed {4}no luck\n {2}trace {6}(.*)\n/.exec(
        stderr,
      ) ?? [];
    assert(seed !== undefined && trace !== undefined, stderr);
    assertMatch(stderr, /^tickproof: seed 4[01] failed again in 1 of 1 run$/m);
    assertMatch(stderr, /^tickproof: 1 of 1 run failed: 100\.0 % \(20\.7 to 100\.0 %\)/m);
    const replayed = run([...TICKPROOF, "replay", "-q"], { environment: ENVIRONMENT });
    assertEquals([replayed.exit, replayed.stderr], [{ code: 3 }, "no luck\n"]);
    assertMatch(stderr, new RegExp(`record --chaos=${seed} -- /bin/sh -c 'echo no luck >&2; exit 3'$`, "m"));
    assertEquals(kept(), [trace.slice(trace.lastIndexOf("/") + 1)]);
  },
  TEST_TIMEOUT,
);

test(
  "--json counts each run once, and has the rate's interval",
  () => {
    const { ended, found } = report(
      "--runs",
      "4",
      "--failures",
      "9",
      "--again",
      "0",
      "--jobs",
      "2",
      "--",
      "/bin/false",
    );
    assertEquals(ended.exit, { code: 1 });
    assertEquals([found.runs, found.passed, found.failed, found.undecided], [4, 0, 4, 0]);
    assertEquals([found.rate.rate, found.rate.high], [1, 1]);
    const seeds = found.failures.map(({ seed }) => seed).toSorted();
    assertEquals(seeds, [1, 2, 3, 4]);
    assert(found.failures.every(({ trace }) => existsSync(trace)));
  },
  TEST_TIMEOUT,
);

test(
  "a run that takes too long is ended, and says where its threads stood",
  () => {
    const { ended, found } = report(
      "--timeout",
      "1",
      "--again",
      "0",
      "--fair",
      "--jobs",
      "1",
      "--",
      "/bin/sleep",
      "1000",
    );
    assertEquals(ended.exit, { code: 1 });
    const [failure] = found.failures;
    assertEquals([failure?.why, failure?.seed], ["took too long", undefined]);
    assert((failure?.threads?.length ?? 0) > 0);
  },
  TEST_TIMEOUT,
);

test(
  "a script judges runs by what they printed; one that can't say leaves them undecided",
  () => {
    const script =
      'test "$TICKPROOF_HUNT_EXIT" = 0 && grep -q prey "$TICKPROOF_HUNT_STDOUT" && exit 1; exit 125';
    const [prey, other] = ["prey", "other"].map((word) =>
      report("--runs", "1", "--again", "0", "--script", script, "--", "/bin/echo", word),
    );
    assertEquals([prey?.ended.exit, prey?.found.failed], [{ code: 1 }, 1]);
    assertEquals([other?.ended.exit, other?.found.undecided], [{ code: 5 }, 1]);
  },
  TEST_TIMEOUT,
);

test(
  "what can't be recorded ends the hunt at once",
  () => {
    const { exit, stderr } = hunt("--runs", "50", "--", "/no/such/program");
    assertEquals(exit, { code: 2 });
    assertMatch(stderr, /^tickproof: .*\/no\/such\/program/);
    assertEquals(hunt("--seed", "4294967296", "--", "/bin/true").exit, { code: 2 });
    assertEquals(hunt("--fair", "--seed", "1", "--", "/bin/true").exit, { code: 2 });
  },
  TEST_TIMEOUT,
);
