/** Where two meet elsewhere than in memory: at a file, a descriptor, or in a handler of a signal. */
import { afterAll, beforeAll, test } from "bun:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventIndex } from "../engine/debug/event-index.ts";
import { SYSCALLS } from "../ffi/mod.ts";
import type { NamedMeeting } from "../runner/engines/meeting.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { compileProgram, THREADS } from "./debugging/_programs.ts";

const SCRATCH = new Scratch();
let program: string;
beforeAll(() => {
  program = compileProgram(SCRATCH, "meets.c", [...THREADS, "-Wl,-z,now"]);
}, TEST_TIMEOUT);
afterAll(() => SCRATCH[Symbol.dispose]());

/** Records a meeting, and finds it around an event. */
function meetingOf(
  kind: string,
  isMeant: Parameters<EventIndex["first"]>[0],
): { meeting: NamedMeeting; told: (string | undefined)[][] } {
  const trace = SCRATCH.file(kind);
  // Fair turns, and each call is an event, as in a hunt.
  const words = ["record", "-q", "--chaos=1:0", "-o", trace, program, kind];
  const recorded = run([...TICKPROOF, ...words], { cwd: SCRATCH.path });
  assertEquals(recorded.exit, { code: 0 }, recorded.stderr);
  using events = new EventIndex(trace);
  const at = events.first(isMeant);
  assert(at !== undefined, "the event is there");
  const { exit, stdout, stderr } = run([...TICKPROOF, "turns", "--json", trace, `${at.index}`]);
  assertEquals(exit, { code: 0 }, stderr);
  const meeting = JSON.parse(stdout.toString()) as NamedMeeting;
  const { before, between, after } = meeting;
  return { meeting, told: [before, between, after].map((part) => [part?.does, part?.line]) };
}

/** A call of a task that is not the first one. */
const byOther = (number: number): Parameters<EventIndex["first"]>[0] => {
  let first: number | undefined;
  return (event) => {
    first ??= event.task;
    return event.kind === "syscall" && event.number === number && event.task !== first;
  };
};

test(
  "a file that another process makes between the look at it and the open is what both touch",
  () => {
    const { meeting, told } = meetingOf("file", byOther(SYSCALLS.openat));
    assertEquals(meeting.thing, `the file ${SCRATCH.file("lock")}`);
    assertEquals(told, [
      ["reads", "meets.c:29"],
      ["writes", "meets.c:25"],
      ["writes", "meets.c:32"],
    ]);
  },
  TEST_TIMEOUT,
);

test(
  "a descriptor that another thread closes between two uses is what both touch",
  () => {
    const { meeting, told } = meetingOf("closed", byOther(SYSCALLS.close));
    assertMatch(meeting.thing ?? "", /^descriptor \d+ of process \d+$/);
    assertEquals(told, [
      ["reads", "meets.c:51"],
      ["writes", "meets.c:41"],
      ["reads", "meets.c:54"],
    ]);
  },
  TEST_TIMEOUT,
);

test(
  "a handler of a signal is one that runs between two lines of what it breaks into",
  () => {
    const { meeting, told } = meetingOf("handled", ({ kind }) => kind === "signal");
    assertEquals([meeting.memory?.length, meeting.between.signal], [4, "SIGUSR1"]);
    assertEquals([meeting.before?.task, meeting.between.task], [meeting.after?.task, meeting.after?.task]);
    assertEquals(told, [
      ["reads", "meets.c:69"],
      ["writes", "meets.c:63"],
      ["writes", "meets.c:71"],
    ]);
  },
  TEST_TIMEOUT,
);
