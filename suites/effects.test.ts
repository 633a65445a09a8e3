/** The table of system calls against the kernel, by `record --check-effects`. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, Scratch, TEST_TIMEOUT } from "./_tickproof.ts";

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-effects-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

async function program(name: string): Promise<string> {
  const source = resolve(import.meta.dir, "programs", `${name}.c`);
  const compiled = await compile(source, findCompiler(), { root: CACHE });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.path;
}

for (const name of ["many_calls", "changing_files", "shared_segments", "clocks_and_identity"]) {
  test(
    `all that the kernel writes for ${name} is in the table`,
    async () => {
      const { record } = proveSame([await program(name)], { record: ["--check-effects"] });
      assertEquals(record.exit, { code: 0 }, record.stderr);
      assertMatch(record.stdout.toString(), /EXIT-SUCCESS/);
    },
    TEST_TIMEOUT,
  );
}

for (const name of ["uname", "readv", "recvmsg", "getsockopt", "clock_gettime"]) {
  test(
    `a table that lacks what ${name} writes is found out`,
    async () => {
      using scratch = new Scratch();
      const script = resolve(import.meta.dir, "_forgetful.ts");
      const { stderr } = run([
        process.execPath,
        script,
        name,
        scratch.file("trace"),
        await program("many_calls"),
      ]);
      const { outcome, message } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
      assertEquals(outcome, "unsupported");
      assertMatch(message, new RegExp(`^the system call ${name}\\(.* changed memory at 0x`));
    },
    TEST_TIMEOUT,
  );
}
