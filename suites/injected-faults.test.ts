/**
 * Faults put into recordings and into the engine itself: replay reports each at the first event that shows it, and says
 * what differs there. One that goes unnoticed fails.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  eventCount,
  type SyscallEvent,
  type TraceEvent,
  TraceReader,
  TraceWriter,
} from "../engine/trace/mod.ts";
import { SYSCALLS } from "../ffi/mod.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const scratch = new Scratch();
const original = scratch.file("original");
const SCRIPT = "trap : USR1; read line; i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; echo $line";
let events: TraceEvent[] = [];

beforeAll(() => {
  const { exit, stderr } = run(
    [
      ...TICKPROOF,
      "record",
      "-q",
      "--checksum=1",
      "--send",
      "SIGUSR1@60000",
      "-o",
      original,
      "sh",
      "-c",
      SCRIPT,
    ],
    { stdin: "hello\n" },
  );
  assertEquals(exit, { code: 0 }, stderr);
  events = read();
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** All events of the original, which may be changed. */
function read(): TraceEvent[] {
  const reader = TraceReader.open(original);
  const all: TraceEvent[] = [];
  for (let event = reader.next(); event; event = reader.next()) all.push(structuredClone(event));
  reader.close();
  return all;
}

let forged = 0;

/** Writes a trace of these events, and replays it. */
function replayOf(changed: readonly TraceEvent[]): { code: number; stderr: string } {
  const trace = scratch.file(`forged-${forged++}`);
  const reader = TraceReader.open(original);
  const writer = TraceWriter.create(trace, reader.meta, { store: `${trace}-store` });
  for (const [i, file] of reader.files.entries())
    writer.addFile({ path: reader.filePath(i), name: file.path });
  for (const event of changed) writer.write(event);
  writer.close();
  reader.close();
  const { exit, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
  assert("code" in exit, stderr);
  return { code: exit.code, stderr };
}

/** A fault is noticed at an event, in these words. */
function noticed(what: string, inject: (events: TraceEvent[]) => { at: number; words: string }): void {
  test(
    `${what} is reported at the first event that shows it`,
    () => {
      const changed = read();
      const { at, words } = inject(changed);
      const { code, stderr } = replayOf(changed);
      assertEquals(code, 1, stderr);
      assertMatch(stderr, new RegExp(`^tickproof: ${words}`));
      // Calls that were done without a stop are counted one by one; of several the first one shows it.
      const index = changed.slice(0, at).reduce((sum, event) => sum + eventCount(event), 0);
      assertEquals(Number(/event (\d+)/.exec(stderr)?.[1]), index, stderr);
    },
    TEST_TIMEOUT,
  );
}

test(
  "without a fault there is nothing to report",
  () => {
    assertEquals(replayOf(events), { code: 0, stderr: "" });
  },
  TEST_TIMEOUT,
);

/** Index of the first event from `from` on that is of this kind. */
function find(all: readonly TraceEvent[], is: (event: TraceEvent) => boolean, from = 0): number {
  const at = all.findIndex((event, i) => i >= from && is(event));
  assert(at > 0, "there is such an event");
  return at;
}
const isCall =
  (number: number) =>
  (event: TraceEvent): event is SyscallEvent =>
    event.kind === "syscall" && event.number === number;
const isOutput = (event: TraceEvent) => event.kind === "syscall" && event.stream === 1;

noticed("a lost tick", (all) => {
  const at = find(all, isOutput);
  all[at]!.ticks -= 1;
  return { at, words: "ticks mismatch at event" };
});

noticed("a tick too many", (all) => {
  const at = find(all, isOutput);
  all[at]!.ticks += 1;
  return { at, words: "ticks mismatch at event" };
});

noticed("a result that differs by one", (all) => {
  const opened = find(all, (event) => isCall(SYSCALLS.openat)(event) && event.result >= 0n);
  (all[opened] as SyscallEvent).result += 1n;
  return {
    at: find(all, ({ kind }) => kind === "syscall" || kind === "calls", opened + 1),
    words: "registers mismatch at event \\d+ .*: rdi|.*mismatch",
  };
});

noticed("a byte of what a call wrote", (all) => {
  const at = find(all, (event) => isCall(SYSCALLS.read)(event) && event.registers[5] === 0n);
  (all[at] as SyscallEvent).writes[0]!.bytes[0]! ^= 1;
  return {
    at: find(all, (event) => event.kind === "checksum", at),
    words: "mismatch at event \\d+ \\(checksum\\): the memory at 0x",
  };
});

noticed("memory of a call that was missed", (all) => {
  const at = find(all, (event) => isCall(SYSCALLS.read)(event) && event.registers[5] === 0n);
  (all[at] as SyscallEvent).writes = [];
  return {
    at: find(all, (event) => event.kind === "checksum", at),
    words: "mismatch at event \\d+ \\(checksum\\): the memory at 0x",
  };
});

noticed("two events that are exchanged", (all) => {
  const calls = [...all.entries()].filter(([, event]) => event.kind === "syscall").map(([i]) => i);
  const pair = calls.findIndex((i, n) => n > 5 && all[i]!.ticks !== all[calls[n + 1] ?? i]!.ticks);
  const [first, second] = [calls[pair]!, calls[pair + 1]!];
  [all[first], all[second]] = [all[second]!, all[first]!];
  return { at: first, words: "(ticks |registers |)mismatch at event" };
});

noticed("a signal one tick late", (all) => {
  const at = find(all, (event) => event.kind === "signal" && event.signal === 10);
  all[at]!.ticks += 1;
  return { at, words: "(registers|ticks) mismatch at event \\d+ \\(SIGUSR1\\)" };
});

noticed("a signal one tick early", (all) => {
  const at = find(all, (event) => event.kind === "signal" && event.signal === 10);
  all[at]!.ticks -= 1;
  return { at, words: "(registers|ticks) mismatch at event \\d+ \\(SIGUSR1\\)" };
});

noticed("an event that is missing", (all) => {
  const at = find(all, (event) => isCall(SYSCALLS.read)(event) && event.registers[5] === 0n);
  all.splice(at, 1);
  return { at, words: ".*mismatch at event" };
});

test(
  "a stale translation in the engine itself is noticed",
  async () => {
    const source = resolve(import.meta.dir, "translation/written_code.c");
    const program = await compile(source, findCompiler(), { root: scratch.file("cache") });
    assert(program.ok, program.ok ? "" : program.message);
    const trace = scratch.file("written");
    const recorded = run([...TICKPROOF, "record", "-q", "--checksum=1", "-o", trace, program.path]);
    assertEquals(recorded.exit, { code: 0 }, recorded.stderr);
    // The engine forgets to forget what it has translated: nothing of it is in the product.
    const replayWith = (fault: string) =>
      run([
        process.execPath,
        "-e",
        `const { CodeCache } = await import(${JSON.stringify(resolve(import.meta.dir, "../engine/translate/code-cache.ts"))});
         const { replay } = await import(${JSON.stringify(resolve(import.meta.dir, "../engine/mod.ts"))});
         ${fault};
         const { outcome, message } = replay({ directory: ${JSON.stringify(trace)}, quiet: true });
         process.stderr.write("RESULT " + outcome + " " + message);`,
      ]);
    assertMatch(replayWith("").stderr, /RESULT replayed/);
    const { stderr } = replayWith("CodeCache.prototype.invalidate = () => {}");
    assertMatch(stderr, /RESULT diverged .*mismatch at event \d+/);
  },
  TEST_TIMEOUT,
);
