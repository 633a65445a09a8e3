/** Races are found by their seeds, and what has failed replays. All of them, by hand: `runner/bun suites/races/run.ts`. */
import { afterAll, test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { EventIndex } from "../engine/debug/event-index.ts";
import { CLONE } from "../ffi/mod.ts";
import type { NamedMeeting } from "../runner/engines/meeting.ts";
import type { HuntReport } from "../runner/hunt/report.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { recordProgram, THREADS } from "./debugging/_programs.ts";
import { compileRace } from "./races/_races.ts";

const SCRATCH = new Scratch();
afterAll(() => SCRATCH[Symbol.dispose]());
const ENVIRONMENT = { TICKPROOF_TRACES: SCRATCH.file("traces") };

/** A hunt that finds out why makes some fifteen recordings, which on a busy machine take seconds each. */
const HUNT_TIMEOUT = 4 * TEST_TIMEOUT;

function hunt(...words: string[]): HuntReport {
  const { stdout, stderr } = run([...TICKPROOF, "hunt", "-q", "--json", "--again", "1", ...words], {
    environment: ENVIRONMENT,
    hangsAfter: HUNT_TIMEOUT,
  });
  assert(stdout.length > 0, stderr);
  return JSON.parse(stdout.toString()) as HuntReport;
}

/** Races that do not hang and are found soon, of three kinds: between two instructions, two calls, two processes. */
for (const name of ["upgrade", "toctou"]) {
  test(
    `${name} is found within 100 seeds, fails again by its seed, and replays`,
    async () => {
      const program = await compileRace(name, SCRATCH.path);
      const { failures } = hunt("--no-why", "--runs", "100", "--", program);
      const [failure] = failures;
      assert(failure !== undefined, "none of 100 seeds fails");
      assertEquals(failure.failsAgain, { runs: 1, failed: 1 });
      const replayed = run([...TICKPROOF, "replay", "-q", failure.trace]);
      assertEquals([replayed.exit, replayed.stderr.trimEnd()], [{ code: 1 }, failure.output]);
    },
    TEST_TIMEOUT,
  );
}

test(
  "of a lost update it is said which line came between which others, and one turn less of the schedule passes",
  async () => {
    const program = await compileRace("lost_update", SCRATCH.path);
    const [failure] = hunt("--runs", "100", "--", program).failures;
    assert(failure?.seed !== undefined, "none of 100 seeds fails");
    assertEquals(failure.failsAgain, { runs: 1, failed: 1 });
    const why = failure.whyThen;
    assert(why !== undefined && "turns" in why, JSON.stringify(why));
    for (const [turns, code] of [
      [why.turns, 1],
      [why.turns - 1, 0],
    ] as const) {
      const words = [
        "record",
        "-q",
        "-o",
        SCRATCH.file(`turns-${turns}`),
        `--chaos=${failure.seed}:${turns}`,
      ];
      assertEquals(run([...TICKPROOF, ...words, program]).exit, { code });
    }
    const { memory, before, between, after } = why.meeting ?? {};
    assertEquals(memory?.length, 8);
    // The load, and the store that follows on it; the other thread's store comes between them.
    assertEquals([before?.line, before?.does], ["lost_update.c:10", "reads"]);
    assertEquals([between?.line, between?.does], ["lost_update.c:11", "writes"]);
    assertEquals([after?.line, after?.does], ["lost_update.c:11", "writes"]);
    assertEquals([before?.task, before?.thread], [after?.task, "adds"]);
    // The other order is told as well.
    assertEquals(why.passing?.between.line?.startsWith("lost_update.c:"), true);
    const replayed = run([...TICKPROOF, "replay", "-q", failure.trace]);
    assertEquals([replayed.exit, replayed.stderr.trimEnd()], [{ code: 1 }, failure.output]);
  },
  HUNT_TIMEOUT,
);

test(
  "a fork reads what a thread is in the middle of writing: its locks",
  () => {
    // The loader's search for a function would lie between the lock and the end of the turn: only ends are looked at.
    const { trace } = recordProgram(SCRATCH, "lock_and_fork.c", [...THREADS, "-Wl,-z,now"]);
    using events = new EventIndex(trace);
    const forks = events.first((event) => event.kind === "clone" && (event.flags & CLONE.VM) === 0);
    assert(forks !== undefined, "a process is made");
    const { exit, stdout, stderr } = run([...TICKPROOF, "turns", "--json", trace, `${forks.index}`]);
    assertEquals(exit, { code: 0 }, stderr);
    const { before, between, after } = JSON.parse(stdout.toString()) as NamedMeeting;
    const told = [before, between, after].map((part) => [part?.thread, part?.does, part?.line]);
    assertEquals(told, [
      ["holds", "writes", "lock_and_fork.c:12"],
      ["main", "reads", "lock_and_fork.c:25"],
      ["holds", "writes", "lock_and_fork.c:14"],
    ]);
  },
  TEST_TIMEOUT,
);

test(
  "fair turns do not lead to a lost update",
  async () => {
    const program = await compileRace("lost_update", SCRATCH.path);
    assertEquals(hunt("--fair", "--runs", "2", "--", program).failed, 0);
  },
  TEST_TIMEOUT,
);
