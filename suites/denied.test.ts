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

/** A folder for a program, with links that lead out of it, to a file. */
class Folders extends Scratch {
  readonly inside = this.file("inside");
  readonly outside = this.file("outside");

  constructor() {
    super();
    mkdirSync(this.inside);
    mkdirSync(this.outside);
    writeFileSync(join(this.outside, "file"), "as it was");
    symlinkSync("../outside/file", join(this.inside, "link"));
    symlinkSync(this.outside, join(this.inside, "folder"));
  }

  /** Asserts that nothing outside has changed. */
  assertUntouched(): void {
    assertEquals(readFileSync(join(this.outside, "file"), "utf8"), "as it was");
    assertEquals(readdirSync(this.outside), ["file"]);
  }
}

function tryWrites(path: string, deny: string): Record<string, string[]> {
  using folders = new Folders();
  const { record } = proveSame([path], { cwd: folders.inside, record: ["--deny", deny] });
  const stdout = record.stdout.toString();
  assertStringIncludes(stdout, "EXIT-SUCCESS");
  folders.assertUntouched();
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
  "--deny write-outside looks again at a call that starts again, by which a path may lead elsewhere",
  async () => {
    const path = await program("waiting");
    using handled = new Folders();
    const record = ["--deny", "write-outside"];
    const proof = proveSame([path, "handled"], { cwd: handled.inside, record });
    assertEquals(proof.record.stdout.toString(), "EACCES\nEXIT-SUCCESS\n");
    handled.assertUntouched();
    using ignored = new Folders();
    const command = [
      ...TICKPROOF,
      "record",
      "-q",
      "-o",
      ignored.file("trace"),
      ...record,
      "--",
      path,
      "ignored",
    ];
    const { exit, stderr } = run(command, { cwd: ignored.inside });
    assertEquals(exit, { code: 2 });
    assertStringIncludes(stderr, "became one that is denied while it waited");
    ignored.assertUntouched();
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
