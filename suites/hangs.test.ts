/** Programs that hang: their recording ends by itself where it is told to, and says who waits for whom, and how it came to that. */
import { afterAll, beforeAll, test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import type { NamedWait, NamedWaits } from "../runner/engines/waits.ts";
import { readReport } from "../runner/outcome/mod.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { compileProgram, THREADS } from "./debugging/_programs.ts";

const SCRATCH = new Scratch();
let program: string;
beforeAll(() => {
  program = compileProgram(SCRATCH, "hangs.c", THREADS);
}, TEST_TIMEOUT);
afterAll(() => SCRATCH[Symbol.dispose]());

/** Records a hang, and asks who waits. */
function waitsOf(kind: string): NamedWaits {
  const [trace, report] = [SCRATCH.file(kind), SCRATCH.file(`${kind}.json`)];
  run([...TICKPROOF, "record", "-q", "--until-stuck", "--report", report, "-o", trace, program, kind]);
  const found = readReport(report);
  assert(found?.kind === "record", JSON.stringify(found));
  assertEquals([found.outcome, found.endless], ["interrupted", "stuck"]);
  const { exit, stdout, stderr } = run([...TICKPROOF, "waits", "--json", trace]);
  assertEquals(exit, { code: 0 }, stderr);
  return JSON.parse(stdout.toString()) as NamedWaits;
}

/** A thread by the outermost function of its own. */
function threadOf({ tasks }: NamedWaits, name: string): NamedWait {
  const found = tasks.find(({ thread }) => thread === name);
  assert(found !== undefined, JSON.stringify(tasks));
  return found;
}

test(
  "of two threads that have locked each other out it is told where each has taken its lock, and where it waits",
  () => {
    const waits = waitsOf("deadlock");
    const [main, other] = [threadOf(waits, "main"), threadOf(waits, "takes_right")];
    assertEquals(waits.circle.toSorted(), [main.task, other.task].toSorted());
    assertEquals([main.line, main.taken?.line, main.taken?.task], ["hangs.c:26", "hangs.c:13", other.task]);
    assertEquals([other.line, other.taken?.line, other.taken?.task], ["hangs.c:15", "hangs.c:23", main.task]);
  },
  TEST_TIMEOUT,
);

test(
  "of a thread that sleeps on a condition it is told who has signalled it before",
  () => {
    const waits = waitsOf("lost");
    const main = threadOf(waits, "main");
    assertEquals([main.line, main.awaits?.kind, waits.circle], ["hangs.c:40", "wake", []]);
    const [touch] = main.touches ?? [];
    assertEquals([touch?.line, touch?.thread], ["hangs.c:30", "signals"]);
    assert(touch !== undefined && touch.event < main.event, "the signal came before the wait");
  },
  TEST_TIMEOUT,
);

test(
  "a lock that a process was born with is that of a thread which is not in it",
  () => {
    const waits = waitsOf("inherited");
    const child = waits.tasks.find(({ awaits }) => awaits?.kind === "lock");
    const parent = waits.tasks.find(({ awaits }) => awaits?.kind === "child");
    assert(child?.awaits?.kind === "lock" && parent !== undefined, JSON.stringify(waits));
    assertEquals([child.line, child.awaits.owner, child.awaits.isOrphan], ["hangs.c:46", parent.task, true]);
    assertEquals([child.taken?.line, child.taken?.task], ["hangs.c:45", parent.task]);
    assertEquals(waits.circle, []);
  },
  TEST_TIMEOUT,
);

test(
  "a handler that takes the lock which it has broken into waits for its own thread",
  () => {
    const waits = waitsOf("handled");
    const main = threadOf(waits, "main");
    assertEquals(waits.circle, [main.task]);
    assertEquals([main.line, main.taken?.line, main.taken?.task], ["hangs.c:52", "hangs.c:58", main.task]);
  },
  TEST_TIMEOUT,
);
