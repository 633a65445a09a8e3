/** Memory that a recorded program shares with one that is not recorded: told when it is recorded, and replayed. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-outside-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

const SHOWN = "round 0, , \nround 0, round 1, \nround 0, round 1, round 2\nEXIT-SUCCESS\n";

/** Runs one side of the program beside the other one, which serves. */
async function beside(kind: string, folder: string, command: (program: string) => string[]) {
  const source = resolve(import.meta.dir, "programs/shared_outside.c");
  const compiled = await compile(source, findCompiler(), { root: CACHE });
  assert(compiled.ok, compiled.ok ? "" : compiled.message);
  const server = Bun.spawn([compiled.path, kind, "serve", folder], { stdout: "pipe" });
  try {
    const { value } = await server.stdout.getReader().read();
    assertEquals(Buffer.from(value ?? []).toString(), "ready\n");
    return { pid: server.pid, ended: run(command(compiled.path)) };
  } finally {
    server.kill("SIGKILL");
    await server.exited;
  }
}

for (const [kind, name] of [
  ["file", "/memory"],
  ["posix", "/dev/shm/tickproof-"],
  ["segment", "shared memory segment "],
] as const) {
  test(
    `${kind}: whom memory is shared with is told, and what they write there is replayed`,
    async () => {
      using scratch = new Scratch();
      const trace = scratch.file("trace");
      const { pid, ended } = await beside(kind, scratch.path, (program) => [
        ...TICKPROOF,
        "record",
        "-o",
        trace,
        "--",
        program,
        kind,
        "ask",
        scratch.path,
      ]);
      assertEquals(ended.exit, { code: 0 }, ended.stderr);
      assertEquals(ended.stdout.toString(), SHOWN);
      const told = `is shared with process ${pid} (shared_outside-) outside of the recording`;
      const line = ended.stderr.split("\n").find((text) => text.includes(told));
      assert(line !== undefined, ended.stderr);
      assertStringIncludes(line, name);
      const replay = run([...TICKPROOF, "replay", "--quiet", trace]);
      assertEquals([replay.exit, replay.stderr], [{ code: 0 }, ""]);
      assertEquals(replay.stdout.toString(), SHOWN);
      const info = run([...TICKPROOF, "info", trace]);
      assertMatch(info.stdout.toString(), new RegExp(`^note .*process ${pid} \\(shared_outside-\\)`, "m"));
    },
    TEST_TIMEOUT,
  );
}
