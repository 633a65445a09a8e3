/** Programs that leave the 64-bit world: refused by name, with what they have done until then kept, or answered right. */
import { test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertEquals, assertMatch } from "@std/assert";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { type Ended, proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";

/** A whole 32-bit program (elf(5)): its header, one segment, and code that ends it with 5. */
function narrowProgram(): Uint8Array {
  const code = [0xb8, 1, 0, 0, 0, 0xbb, 5, 0, 0, 0, 0xcd, 0x80];
  const bytes = new Uint8Array(84 + code.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true); // e_type: a program
  view.setUint16(18, 3, true); // e_machine: i386
  view.setUint32(20, 1, true);
  view.setUint32(24, 0x8048054, true); // e_entry
  view.setUint32(28, 52, true); // e_phoff
  for (const [at, value] of [
    [40, 52],
    [42, 32],
    [44, 1],
  ] as const) {
    view.setUint16(at, value, true); // e_ehsize, e_phentsize, e_phnum
  }
  const segment = [1, 0, 0x8048000, 0x8048000, bytes.length, bytes.length, 5, 0x1000];
  for (const [i, value] of segment.entries()) view.setUint32(52 + 4 * i, value, true);
  bytes.set(code, 84);
  return bytes;
}

/** Builds both programs. */
function build(scratch: Scratch): { wide: string; narrow: string } {
  const [wide, narrow] = [scratch.file("wide"), scratch.file("narrow")];
  const source = join(import.meta.dir, "narrow.c");
  const { exit, stderr } = run([...findCompiler(process.env, "c").command, "-O1", source, "-o", wide]);
  assertEquals(exit, { code: 0 }, stderr);
  writeFileSync(narrow, narrowProgram());
  chmodSync(narrow, 0o755);
  return { wide, narrow };
}

/** Whether this kernel runs 32-bit programs. */
function runsNarrow(): boolean {
  using scratch = new Scratch();
  const { narrow } = build(scratch);
  const { exitCode } = Bun.spawnSync(["sh", "-c", '"$0"', narrow]);
  return exitCode === 5;
}

test.skipIf(!runsNarrow())(
  "what leads to 32-bit code, or calls the kernel as that does, is one error with the place and the reason (a kernel that runs it)",
  () => {
    using scratch = new Scratch();
    const { wide, narrow } = build(scratch);
    const cases: { command: string[]; says: RegExp; output: string }[] = [
      {
        command: [wide, "call"],
        says: /^tickproof: Cannot record int 0x80 at 0x[0-9a-f]+: .* getpid \(20\) .*64-bit.*syscall\n$/,
        output: "before\n",
      },
      {
        command: [wide, "far"],
        says: /^tickproof: retfq at 0x[0-9a-f]+ leads to 32-bit code .*\n$/,
        output: "before\n",
      },
      { command: [wide, "frame"], says: /^tickproof: .* 32-bit code .*\n$/, output: "before\n" },
      {
        command: [narrow],
        says: /^tickproof: Cannot record .*narrow: it is a 32-bit program.*\n$/,
        output: "",
      },
      {
        command: [wide, "program", narrow],
        says: /^tickproof: .*it is a 32-bit program.*\n$/,
        output: "before\n",
      },
    ];
    for (const [i, { command, says, output }] of cases.entries()) {
      assertEquals(run(command).exit, { code: 5 }, command.join(" "));
      const trace = scratch.file(`trace${i}`);
      const recorded = run([...TICKPROOF, "record", "-o", trace, "--", ...command]);
      assertEquals([recorded.exit, String(recorded.stdout)], [{ code: 2 }, output], command.join(" "));
      assertMatch(recorded.stderr, says);
      if (output === "") continue;
      const replayed: Ended = run([...TICKPROOF, "replay", trace]);
      assertEquals([replayed.exit, String(replayed.stdout)], [{ code: 0 }, output], command.join(" "));
      assertMatch(replayed.stderr, /replayed in part.*32-bit/);
    }
  },
  TEST_TIMEOUT,
);

test(
  "a call of the x32 numbers ends as natively",
  () => {
    using scratch = new Scratch();
    const { wide } = build(scratch);
    const { record } = proveSame([wide, "x32"]);
    assertEquals(record.exit, run([wide, "x32"]).exit);
  },
  TEST_TIMEOUT,
);
