/** A replay that is driven event by event does what one in a single go does, wherever it is left. */
import { afterAll, beforeAll, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReplaySession } from "../engine/replay/session.ts";
import { TraceReader } from "../engine/trace/mod.ts";
import { getAffinity } from "../ffi/mod.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const scratch = new Scratch();
const trace = scratch.file("trace");
let recorded: Buffer;

beforeAll(() => {
  const command = [
    "sh",
    "-c",
    "echo one; (echo two); i=0; while [ $i -lt 9 ]; do i=$((i + 1)); done; echo $i >&2",
  ];
  const { exit, stdout, stderr } = run([...TICKPROOF, "record", "-q", "-o", trace, ...command]);
  assertEquals([exit, stderr], [{ code: 0 }, "9\n"]);
  recorded = stdout;
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** Processes that this one has started and that are still there, as the kernel lists them. */
function children(): string {
  return readdirSync("/proc/self/task")
    .map((tid) => readFileSync(`/proc/self/task/${tid}/children`, "utf8"))
    .join("");
}

test(
  "each step replays one event, and the output comes with the call that writes it",
  () => {
    const reader = TraceReader.open(trace);
    let shown = "";
    const before = children();
    using session = new ReplaySession({
      directory: trace,
      output: (stream, bytes) => {
        shown += `${stream}:${Buffer.from(bytes)}`;
      },
    });
    assertEquals([session.position, children()], [0, before]);
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      const had = shown;
      assertEquals(session.step(), event);
      assertEquals(session.position, reader.position + 1);
      const writes = event.kind === "syscall" && event.stream !== 0;
      assertEquals(shown !== had, writes, `output at event ${reader.position}`);
    }
    reader.close();
    assertEquals(session.step(), undefined);
    assertEquals(shown, "1:one\n1:two\n2:9\n");
    assertEquals(recorded.toString(), "one\ntwo\n");
  },
  TEST_TIMEOUT,
);

test(
  "a session that is left anywhere leaves no process, and another one begins anew",
  () => {
    const before = children();
    for (const until of [1, 5, 40, 0]) {
      const session = new ReplaySession({ directory: trace, output: () => {} });
      session.step(until);
      // Calls that were done without a stop come together.
      assert(session.position >= until && (until > 0 || session.position === 0));
      assert(until === 0 || children() !== before, "a process is replayed");
      session.end();
      assertEquals(children(), before);
      session.end();
    }
  },
  TEST_TIMEOUT,
);

test("a session of what is no trace says so and leaves nothing open", () => {
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  assertThrows(() => new ReplaySession({ directory: scratch.file("none") }), Error, "No trace is there");
  assertEquals(open(), before);
});

test(
  "a session ends beside children of this process that are none of its own, and leaves them alone",
  async () => {
    const other = Bun.spawn(["sleep", "1000"]);
    try {
      const before = children();
      assert(before.includes(String(other.pid)));
      const session = new ReplaySession({ directory: trace, output: () => {} });
      for (let i = 0; i < 20; i++) session.step();
      session[Symbol.dispose]();
      assertEquals(children(), before);
    } finally {
      other.kill();
      await other.exited;
    }
  },
  TEST_TIMEOUT,
);

test(
  "a session that is left anywhere gives its descriptors back",
  () => {
    const leaveAt = (position: number): number => {
      using session = new ReplaySession({ directory: trace, output: () => {} });
      while (session.position < position && session.step() !== undefined);
      return session.position;
    };
    const end = leaveAt(Number.POSITIVE_INFINITY);
    const before = readdirSync("/proc/self/fd").length;
    for (const part of [0, 0.1, 0.5, 0.8, 1]) leaveAt(Math.floor(end * part));
    assertEquals(readdirSync("/proc/self/fd").length, before);
  },
  TEST_TIMEOUT,
);

test(
  "several sessions go on in turn, with checkpoints and without, and each ends without the others",
  () => {
    const before = children();
    const processors = getAffinity(0);
    const shown = ["", "", ""];
    const sessions = shown.map(
      (_, i) =>
        new ReplaySession({
          directory: trace,
          keepsCheckpoints: i > 0,
          output: (_stream, bytes) => {
            shown[i] = `${shown[i]}${Buffer.from(bytes)}`;
          },
        }),
    );
    try {
      const [first, second, third] = sessions as [ReplaySession, ReplaySession, ReplaySession];
      for (let turn = 0; turn < 30; turn++) for (const session of sessions) session.step();
      const checkpoint = second.checkpoint();
      assert(checkpoint !== undefined, "a checkpoint between two events");
      const { position } = second;
      first.end();
      for (const session of [third, second]) while (session.step() !== undefined);
      assertEquals(shown.slice(1), ["one\ntwo\n9\n", "one\ntwo\n9\n"]);
      third.end();
      assert(second.goTo(checkpoint), "the way back");
      assertEquals(second.position, position);
      while (second.step() !== undefined);
    } finally {
      for (const session of sessions) session.end();
    }
    assertEquals([children(), getAffinity(0)], [before, processors]);
  },
  TEST_TIMEOUT,
);
