/** How a recording begins and ends: with programs that never come to their first instruction, and others that leave more. */
import { test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findCompiler } from "../runner/programs/compiler.ts";
import { hostTest, isAlive, proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

/** Offset of the entry in an ELF header (elf(5)). */
const ELF_ENTRY = 24;

/** Builds a program that does nothing but begin at some address. */
function programBeginningAt(scratch: Scratch, entry: bigint): string {
  const [source, path] = [scratch.file("begins.s"), scratch.file("begins")];
  writeFileSync(source, ".globl _start\n_start: mov $60, %eax\nmov $3, %edi\nsyscall\n");
  const { exit, stderr } = run([
    ...findCompiler(process.env, "asm").command,
    "-nostdlib",
    "-static",
    "-no-pie",
    source,
    "-o",
    path,
  ]);
  assertEquals(exit, { code: 0 }, stderr);
  const bytes = readFileSync(path);
  bytes.writeBigUInt64LE(entry, ELF_ENTRY);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

for (const [where, entry] of [
  ["where nothing is", 0n],
  ["in the kernel's half, and dies in execve", 1n << 47n],
  ["at no address at all, and dies in execve", 0xdead_0000_0000_0000n],
] as const) {
  test(
    `a program that begins ${where}, ends as natively`,
    () => {
      using scratch = new Scratch();
      const path = programBeginningAt(scratch, entry);
      assertEquals(run([path]).exit, { signal: 11 });
      const { record, replay } = proveSame([path]);
      assertEquals([record.exit, replay.exit], [{ signal: 11 }, { signal: 11 }]);
    },
    TEST_TIMEOUT,
  );
}

test(
  "a start that fails is one error and leaves no folder, whatever fails",
  () => {
    using scratch = new Scratch();
    const write = (name: string, text: string, mode: number): string => {
      const path = scratch.file(name);
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    };
    for (const [program, words] of [
      [scratch.file("missing"), "no such program"],
      [scratch.path, "not an executable file"],
      [write("text", "nothing that runs\n", 0o755), "ENOEXEC"],
      [write("script", "#!/no/such/interpreter\n", 0o755), "ENOENT"],
      [write("forbidden", "#!/bin/sh\n", 0o644), "not an executable file"],
      [write("nowhere", "#!/\n", 0o755), "EACCES"],
    ] as const) {
      const traces = scratch.file("traces");
      const environment = { TICKPROOF_TRACES: traces };
      for (const options of [[], ["-o", join(traces, "a", "b")]]) {
        const { exit, stderr } = run([...TICKPROOF, "record", ...options, "--", program], { environment });
        assertEquals(exit, { code: 2 }, stderr);
        assertMatch(stderr, /^tickproof: Cannot start [^\n]*\n$/);
        assertStringIncludes(stderr, words);
        const left = existsSync(traces) ? run(["find", traces, "-mindepth", "1"]).stdout.toString() : "";
        assertEquals(left, "");
      }
    }
  },
  TEST_TIMEOUT,
);

/** Leaves a process behind that says something a little later. */
const LEAVES = "(sleep 1; echo later) & echo now";

hostTest("a recording ends with its first process, and what that leaves is ended and named", ["sh"], () => {
  using scratch = new Scratch();
  const [trace, report] = [scratch.file("trace"), scratch.file("report.json")];
  const command = ["sh", "-c", LEAVES];
  const record = run([...TICKPROOF, "record", "-o", trace, "--report", report, "--", ...command]);
  assertEquals([record.exit, record.stdout.toString()], [{ code: 0 }, "now\n"]);
  const { left } = JSON.parse(readFileSync(report, "utf8"));
  assert(left.length >= 1, "what was left is in the report");
  for (const { pid, command } of left) {
    assert(!isAlive(pid), `process ${pid} (${command}) is gone`);
    assertStringIncludes(record.stderr, `left process ${pid} running (${command.join(" ")})`);
  }
  const replay = run([...TICKPROOF, "replay", "-q", trace]);
  assertEquals([replay.exit, replay.stdout.toString(), replay.stderr], [{ code: 0 }, "now\n", ""]);
});

hostTest("with --wait a recording ends with its last process", ["sh"], () => {
  const { record, replay } = proveSame(["sh", "-c", `${LEAVES}; exit 3`], { record: ["--wait"] });
  assertEquals([record.exit, replay.stdout.toString()], [{ code: 3 }, "now\nlater\n"]);
  assertEquals(record.report.left, undefined);
});
