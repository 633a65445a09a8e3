/** What `record --deny` denies: programs get EACCES, files stay as they are, and the recording replays. */
import { afterAll, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-denied-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

async function program(name: string): Promise<string> {
  const built = await compile(resolve(import.meta.dir, `denied/${name}.c`), findCompiler(), { root: CACHE });
  assert(built.ok, built.ok ? "" : built.message);
  return built.path;
}

/** The lines that follow each heading, by heading. */
function sections(output: string, headings: readonly string[]): Record<string, string[]> {
  const lines = output.trimEnd().split("\n");
  return Object.fromEntries(
    headings.map((heading) => {
      const rest = lines.slice(lines.indexOf(heading) + 1);
      const end = rest.findIndex((line) => !line.includes(": "));
      return [heading, end < 0 ? rest : rest.slice(0, end)];
    }),
  );
}

/** Runs the program in a folder that links lead out of, to a file. */
function tryWrites(path: string, deny: string): Record<string, string[]> {
  using scratch = new Scratch();
  const [inside, outside] = [scratch.file("inside"), scratch.file("outside")];
  mkdirSync(inside);
  mkdirSync(outside);
  writeFileSync(join(outside, "file"), "as it was");
  symlinkSync("../outside/file", join(inside, "link"));
  symlinkSync(outside, join(inside, "folder"));
  const { record } = proveSame([path], { cwd: inside, record: ["--deny", deny] });
  const stdout = record.stdout.toString();
  assertStringIncludes(stdout, "EXIT-SUCCESS");
  assertEquals(readFileSync(join(outside, "file"), "utf8"), "as it was");
  assertEquals(readdirSync(outside), ["file"]);
  return sections(stdout, ["inside", "outside", "harmless"]);
}

/** The lines that do not end as they should. */
const others = (lines: readonly string[] | undefined, end: string) =>
  (lines ?? ["none"]).filter((line) => !line.endsWith(`: ${end}`));

test(
  "--deny write-outside refuses every way out of the working folder, and leaves what is in it alone",
  async () => {
    const found = tryWrites(await program("writes"), "write-outside");
    assert((found.outside?.length ?? 0) > 30);
    assertEquals(others(found.outside, "EACCES"), []);
    assertEquals(others(found.inside, "done"), []);
    assertEquals(others(found.harmless, "done"), []);
  },
  TEST_TIMEOUT,
);

test(
  "--deny write refuses what is in the working folder as well, but not what is no file",
  async () => {
    const found = tryWrites(await program("writes"), "write");
    assertEquals(others(found.outside, "EACCES"), []);
    // Of the descriptor that was not opened there is nothing to change.
    assertEquals(others(found.inside, "EACCES"), []);
    assertEquals(others(found.harmless, "done"), []);
  },
  TEST_TIMEOUT,
);

test(
  "--deny net leaves sockets of this machine alone",
  async () => {
    const { record } = proveSame([await program("network")], { record: ["--deny", "net"] });
    const lines = record.stdout.toString().trimEnd().split("\n");
    assertEquals(
      lines.map((line) => line.replace(/.*: /, "")),
      ["EACCES", "EACCES", "EACCES", "EACCES", "done", "done", "EXIT-SUCCESS"],
    );
  },
  TEST_TIMEOUT,
);

test("--deny names what can't be denied", () => {
  const { exit, stderr } = run([...TICKPROOF, "record", "--deny", "net,wirte", "--", "true"]);
  assertEquals(exit, { code: 2 });
  assertStringIncludes(stderr, "--deny can't deny 'wirte': did you mean 'write'?");
});
