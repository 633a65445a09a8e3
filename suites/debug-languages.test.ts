/** `tickproof debug` on programs of C++, Rust and Go: sessions of gdb as scripts, with what they answer. */
import { afterAll } from "bun:test";
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { assertEquals, assertMatch } from "@std/assert";
import { hostTest, run, Scratch, TICKPROOF } from "./_tickproof.ts";
import { gdbSession } from "./debugging/_gdb.ts";

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

/** Compiles and records a program, and takes it away: what gdb shows is of the recording. @returns Its trace. */
function recorded(compiler: readonly string[], source: string): string {
  const program = scratch.file(source.replace(".", "-"));
  const compiled = run([...compiler, program, resolve(import.meta.dir, "debugging", source)], {
    environment: { GOFLAGS: "", GOCACHE: scratch.file("go-cache"), GO111MODULE: "off" },
  });
  assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
  const trace = `${program}-trace`;
  assertEquals(run([...TICKPROOF, "record", "-q", "-o", trace, program]).exit, { code: 0 });
  rmSync(program);
  return trace;
}

hostTest(
  "C++: methods, containers, templates, where an exception is thrown, and who has written a member last",
  ["gdb", "g++"],
  () => {
    const trace = recorded(["g++", "-g", "-O0", "-o"], "account.cpp");
    const said = gdbSession(
      scratch,
      ["--at", "start", trace],
      [
        "break Account::take if amount == 20",
        "continue",
        "bt",
        "print amount",
        "print this->balance",
        "watch -l this->balance",
        "reverse-continue",
        "delete",
        "catch throw",
        "continue",
        "bt 3",
        "delete",
        "break twice<int>",
        "continue",
        "print value",
        "finish",
      ],
    );
    assertMatch(said, /Breakpoint 1, Account::take \(this=0x[0-9a-f]+, amount=20\)/);
    assertMatch(said, /#1 +0x[0-9a-f]+ in main \(\) at .*account\.cpp:22/);
    assertMatch(said, /\$1 = 20\n\$2 = 3\n/);
    assertMatch(said, /Old value = 3\nNew value = 7\n/);
    assertMatch(said, /exception thrown/);
    assertMatch(said, /Account::take \(this=0x[0-9a-f]+, amount=20\) at .*account\.cpp:11/);
    assertMatch(said, /twice<int> \(value=21\)/);
    assertMatch(said, /\$3 = 21\n[\s\S]*Value returned is \$4 = 42/);
  },
);

hostTest(
  "Rust: structures, an enum with its variant, and back to the change before",
  ["gdb", "rustc"],
  () => {
    const trace = recorded(["rustc", "-g", "-o"], "account.rs");
    const said = gdbSession(
      scratch,
      ["--at", "start", trace],
      [
        "break account::apply",
        "continue",
        "continue",
        "print change",
        "print account.balance",
        "reverse-continue",
        "print change",
        "print account.balance",
        "delete",
        "continue",
      ],
    );
    assertMatch(said, /\$1 = account::Change::Give\(4\)\n\$2 = 7\n/);
    assertMatch(said, /\$3 = account::Change::Take\(3\)\n\$4 = 10\n/);
    assertMatch(said, /mine 5\n/);
  },
);

hostTest("Go: a function between goroutines, forward and back", ["gdb", "go"], () => {
  const trace = recorded(["go", "build", "-gcflags=all=-N -l", "-o"], "account.go");
  const said = gdbSession(
    scratch,
    ["--at", "start", trace],
    [
      "handle SIGURG nostop noprint",
      "break main.take",
      "continue",
      "continue",
      "print amount",
      "print *account",
      "reverse-continue",
      "print amount",
      "print *account",
      "delete",
      "continue",
    ],
  );
  assertMatch(said, /\$1 = 4\n\$2 = \{[^\n]*Balance = 7\}/);
  assertMatch(said, /\$3 = 3\n\$4 = \{[^\n]*Balance = 10\}/);
  assertMatch(said, /mine 3\n/);
});
