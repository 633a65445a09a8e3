/** `tickproof debug`: sessions of gdb as scripts, with what they answer. */
import { afterAll, beforeAll } from "bun:test";
import { rmSync } from "node:fs";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { hostTest, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { gdbSession } from "./debugging/_gdb.ts";
import { type Recorded, recordProgram, THREADS } from "./debugging/_programs.ts";

const scratch = new Scratch();
let threads: Recorded;

beforeAll(() => {
  threads = recordProgram(scratch, "threads.c", THREADS);
  // What gdb shows is of the recording.
  rmSync(threads.program);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** Runs commands of gdb, a line each. @returns What it has said after the greeting. */
function session(args: readonly string[], commands: string): string {
  return gdbSession(scratch, [...args, threads.trace], [commands]);
}

hostTest(
  "gdb begins where the program has failed, with all threads, and the program's own symbols",
  ["gdb", "gcc"],
  () => {
    const said = session([], "bt\ninfo threads\np total\np handled\np $rdi\nx/i $pc\n");
    assertMatch(said, /#0 .*fail \(at=.*\) at .*threads\.c:33\n#1 .* in main \(\) at .*threads\.c:55/);
    assertMatch(said, /\* 1 +Thread \d+\.\d+ .*fail/);
    assertMatch(said, /\$1 = 27\n\$2 = 2\n\$3 = 0\n=> .*<fail(\+\d+)?>:\tmov .*\(%rdi\)/);
  },
);

hostTest(
  "forward: breakpoints with conditions, threads, finish, steps, signals, and the end",
  ["gdb", "gcc"],
  () => {
    const said = session(
      ["--at", "start"],
      [
        "handle SIGUSR1 nostop noprint",
        "break work",
        "continue",
        "info threads",
        "next",
        "delete",
        "handle SIGUSR1 stop print",
        "break handler",
        "continue",
        "continue",
        "bt",
        "delete",
        "handle SIGUSR1 nostop noprint",
        "break fib if n == 5",
        "continue",
        "finish",
        "delete",
        "continue",
        "continue",
      ].join("\n"),
    );
    assertMatch(said, /Thread [23] hit Breakpoint 1, work \(/);
    assertMatch(said, /received signal SIGUSR1/);
    assertMatch(said, /hit Breakpoint 2, handler \(signal=10\)/);
    assertMatch(said, /#1 +<signal handler called>/);
    assertMatch(said, /hit Breakpoint 3, fib \(n=(n@entry=)?5\)/);
    assertMatch(said, /Value returned is \$1 = 5/);
    assertMatch(said, /line 0: 5\n[\s\S]*line 1: 5\n[\s\S]*total 27, child 2, handled 2\n/);
    assertMatch(said, /received signal SIGSEGV/);
    assertMatch(said, /No more reverse-execution history/);
  },
);

hostTest(
  "back: to breakpoints, out of functions, by lines and instructions, to the start",
  ["gdb", "gcc"],
  () => {
    const said = session(
      [],
      [
        "handle SIGUSR1 nostop noprint",
        "reverse-stepi",
        "info symbol $pc",
        "break fib if n == 5",
        "reverse-continue",
        "reverse-finish",
        "delete",
        "break main",
        "reverse-continue",
        "info threads",
        "reverse-step",
        "delete",
        "reverse-continue",
        "info symbol $pc",
        "monitor when",
        "continue",
      ].join("\n"),
    );
    assertMatch(said, /fail(\+ \d+)? in section \.text/);
    assertMatch(said, /Breakpoint 1, fib \(n=(n@entry=)?5\)/);
    assertMatch(said, /Breakpoint 2, main \(\)/);
    assertStringIncludes(said, "No more reverse-execution history");
    assertMatch(said, /_start in section \.text of .*ld-linux/);
    assertMatch(said, /event 1 comes next/);
  },
);

hostTest("a variable that is watched stops at the instruction that has changed it", ["gdb", "gcc"], () => {
  const said = session(
    ["--at", "start"],
    "handle SIGUSR1 nostop noprint\nbreak handler\ncontinue\nwatch handled\ncontinue\ndelete 1\nreverse-continue\n",
  );
  const [forward = "", back = ""] = said.split("New value = 1\n");
  assertMatch(forward, /Hardware watchpoint 2: handled\n+Old value = 0\n$/);
  assertMatch(back, /^.*handler \(signal=10\)/);
  assertMatch(back, /Hardware watchpoint 2: handled\n+Old value = 1\nNew value = 0\n.*handler \(signal=10\)/);
});

hostTest("another process of the recording", ["gdb", "gcc"], () => {
  const dump = run([...TICKPROOF, "dump", "--json", threads.trace]).stdout.toString();
  const child = dump
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { kind: string; child?: number; childProcess?: number })
    .find(({ kind, child, childProcess }) => kind === "clone" && child === childProcess)?.child;
  const said = session(
    ["--at", "start", "--process", String(child)],
    "break fib\ncontinue\ndelete\ncontinue\n",
  );
  assertMatch(said, /Breakpoint 1, fib \(n=(n@entry=)?3\)/);
  assertMatch(said, /No more reverse-execution history\.\n.*_exit \(status=2\)/);
});

hostTest("places are marked and gone back to by gdb's own words", ["gdb", "gcc"], () => {
  const said = session(
    [],
    [
      "checkpoint",
      "break handler",
      "handle SIGUSR1 nostop noprint pass",
      "reverse-continue",
      "checkpoint",
      "info checkpoints",
      "restart 1",
      "p handled",
      "restart 2",
      "delete checkpoint 1",
      "info checkpoints",
      "",
    ].join("\n"),
  );
  assertMatch(said, /Checkpoint 1: event \d+ comes next: signal/);
  assertMatch(said, /\n1: in front of event \d+, .*\n2: in front of event \d+, .*\n/);
  assertMatch(said, /#0 .*fail \(at=.*\n.*\n\$1 = 2\n/);
  assertMatch(said, /#0 +handler \(signal=10\).*\n.*\n2: in front of event \d+, /);
});

hostTest("what is wrong is one error and exit code 2", ["gdb", "gcc"], () => {
  for (const [args, why] of [
    [["--at", "never"], "--at: 'never' is no place"],
    [["--gdb", "no-such-gdb"], "no-such-gdb is not here"],
  ] as const) {
    const { exit, stderr } = run([...TICKPROOF, "debug", ...args, threads.trace]);
    assertEquals(exit, { code: 2 });
    assertStringIncludes(stderr, why);
  }
});

hostTest("tickproof backtrace says where all threads stand, without a debugger", ["gcc"], () => {
  const backtrace = (...args: string[]) => run([...TICKPROOF, "backtrace", ...args, threads.trace]);
  const failed = backtrace();
  assertMatch(
    failed.stdout.toString(),
    /^before event \d+\ntask (\d+) of process \1, [\d,]+ ticks:\n {2}#0 0x[0-9a-f]+ fail at threads\.c:33\n {2}#1 0x[0-9a-f]+ main at threads\.c:55\n$/,
  );
  assertEquals([failed.exit, failed.stderr], [{ code: 0 }, ""]);
  // Behind the birth of the second thread: nobody gets past the barrier before main has come to it.
  const { stdout } = run([...TICKPROOF, "dump", threads.trace]);
  const [, second] = [...stdout.toString().matchAll(/^(\d+) .*: clone3?\(.* = \d+/gm)];
  const at = String(Number(second?.[1]) + 1);
  const { tasks } = JSON.parse(backtrace("--json", "--at", at).stdout.toString());
  assertEquals(tasks.length, 3);
  const functions = tasks.map(({ frames }: { frames: { place?: { symbol?: string } }[] }) =>
    frames.map(({ place }) => place?.symbol),
  );
  assertEquals(functions[0].at(-1), "main");
  const wrong = backtrace("--at", "99999999");
  assertEquals([wrong.exit, wrong.stdout.length], [{ code: 2 }, 0]);
  assertStringIncludes(wrong.stderr.toString(), "--at: the recording has events up to");
});
