/** Replay notices what differs: traces that say something else than happened are found out, each by its place. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { TraceEvent } from "../engine/trace/mod.ts";
import { embeddedEngine } from "../runner/engines/mod.ts";
import { rewriteTrace } from "./_forge.ts";
import { hostTest, run, Scratch, TICKPROOF } from "./_tickproof.ts";

/** Reads a line with a loop of its own and prints it back. */
const SCRIPT = "read line; i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done; echo $line";

/**
 * Records the script and writes the trace again with one event changed.
 *
 * @param change Changes the first event that it wants to, and says that it did.
 */
function forged(scratch: Scratch, change: (event: TraceEvent) => boolean): { trace: string; index: number } {
  const [original, trace] = [scratch.file("original"), scratch.file("forged")];
  run([...TICKPROOF, "record", "-q", "-o", original, "--", "sh", "-c", SCRIPT], { stdin: "hello\n" });
  const { index } = rewriteTrace(original, trace, change);
  assert(index > 0, "an event was changed");
  return { trace, index };
}

const isWrite = (event: TraceEvent): event is TraceEvent & { kind: "syscall" } =>
  event.kind === "syscall" && event.stream === 1;
const isRead = (event: TraceEvent): event is TraceEvent & { kind: "syscall" } =>
  event.kind === "syscall" && event.number === 0 && event.registers[5] === 0n;

hostTest(
  "a tick more or less is a ticks mismatch at that event, with the pc, and exit code 1",
  ["sh"],
  () => {
    for (const by of [1, -1]) {
      using scratch = new Scratch();
      const { trace, index } = forged(scratch, (event) => {
        if (!isWrite(event)) return false;
        event.ticks += by;
        return true;
      });
      const { exit, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
      assertEquals(exit, { code: 1 });
      const found =
        /ticks mismatch at event (\d+) \(write\): expected (\d+), got (\d+) \(task \d+, pc 0x[0-9a-f]+\)/.exec(
          stderr,
        );
      assertEquals(Number(found?.[1]), index);
      assertEquals(Number(found?.[2]) - Number(found?.[3]), by);
    }
  },
);

hostTest("another register value is a registers mismatch", ["sh"], () => {
  using scratch = new Scratch();
  const { trace, index } = forged(scratch, (event) => {
    if (!isWrite(event)) return false;
    event.registers[15] = event.registers[15]! ^ 1n;
    return true;
  });
  const { exit, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
  assertEquals(exit, { code: 1 });
  assertMatch(stderr, new RegExp(`registers mismatch at event ${index} \\(write\\): r15 expected 0x`));
});

hostTest("other input leads to other output, which is not shown", ["sh"], () => {
  using scratch = new Scratch();
  const { trace } = forged(scratch, (event) => {
    const [write] = isRead(event) ? event.writes : [];
    if (write === undefined || write.bytes[0] !== "h".charCodeAt(0)) return false;
    write.bytes = Buffer.from(write.bytes).fill("j", 0, 1);
    return true;
  });
  const { exit, stdout, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
  assertEquals(exit, { code: 1 });
  assertEquals(stdout.toString(), "");
  assertMatch(stderr, /mismatch at event \d+ \(write\): the program writes other bytes/);
});

hostTest("an event of a task that does not exist is named", ["sh"], () => {
  using scratch = new Scratch();
  const { trace, index } = forged(scratch, (event) => {
    if (!isWrite(event)) return false;
    event.task = 1;
    return true;
  });
  const { exit, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
  assertEquals(exit, { code: 1 });
  assertMatch(stderr, new RegExp(`event ${index} \\(write\\) is of the unknown task 1`));
});

hostTest(
  "a failed replay is kept with the registers of both, and with the code at the pc",
  ["sh"],
  async () => {
    using scratch = new Scratch();
    const { trace, index } = forged(scratch, (event) => {
      if (!isWrite(event)) return false;
      event.ticks += 1;
      return true;
    });
    const file = (_: string, what: string) => scratch.file(what);
    const { exit, stdout } = run([...TICKPROOF, "replay", "-q", "--report", file("", "report.json"), trace]);
    const seen = { exit, stdout, stderr: Buffer.alloc(0) };
    const outcome = await embeddedEngine(TICKPROOF).read("replay", seen, { trace, file });
    assert("verdict" in outcome && outcome.divergence);
    const { difference, code, lastEvents = [], place } = outcome.divergence;
    assertEquals(difference.expected.ticks - difference.found.ticks, 1);
    assertEquals(code?.pc, difference.expected.registers.rip);
    // A difference is found at the system call itself.
    assertEquals(code?.lines.find(({ address }) => address === code?.pc)?.text, "syscall");
    assertMatch(code?.path ?? "", /libc|ld-linux/);
    assertMatch(place?.symbol ?? "", /write/);
    assertEquals(
      lastEvents.map((line) => Number(line.split(" ")[0])),
      [5, 4, 3, 2, 1].map((before) => index - before),
    );
  },
);
