/** A trace that is damaged, foreign or missing is one clear line and exit code 2, never a crash. */
import { afterAll, beforeAll, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const scratch = new Scratch();
const good = scratch.file("good");
const bad = scratch.file("bad");

beforeAll(() => {
  const { exit, stderr } = run([...TICKPROOF, "record", "-q", "-o", good, "/bin/true"]);
  assertEquals(exit, { code: 0 }, stderr);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** All commands that read a trace refuse this one in one line. */
function proveRefused(commands = ["replay", "dump", "info"]): void {
  for (const command of commands) {
    const { exit, stderr } = run([...TICKPROOF, command, bad]);
    assertEquals(exit, { code: 2 }, `${command}: ${stderr}`);
    assertMatch(stderr, /^tickproof: .+\n$/, command);
  }
}

function damaged(what: string, damage: () => void, commands?: string[]): void {
  test(
    `a trace ${what} is refused`,
    () => {
      rmSync(bad, { recursive: true, force: true });
      damage();
      proveRefused(commands);
    },
    TEST_TIMEOUT,
  );
}

damaged("that is not there", () => {});
damaged("that is an empty folder", () => mkdirSync(bad));
damaged("that is a file", () => writeFileSync(bad, "text"));

damaged("with one wrong bit in its events", () => {
  cpSync(good, bad, { recursive: true });
  const events = join(bad, "events");
  const bytes = readFileSync(events);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  writeFileSync(events, bytes);
});

damaged("with a description that is no JSON", () => {
  cpSync(good, bad, { recursive: true });
  writeFileSync(join(bad, "meta.json"), "{");
});

damaged("of a newer version", () => {
  cpSync(good, bad, { recursive: true });
  const meta = JSON.parse(readFileSync(join(bad, "meta.json"), "utf8"));
  writeFileSync(join(bad, "meta.json"), JSON.stringify({ ...meta, version: 999 }));
});

damaged("that lacks the contents of a mapped file", () => {
  cpSync(good, bad, { recursive: true });
  const files = [...new Bun.Glob("*").scanSync({ cwd: join(bad, "files"), onlyFiles: true })];
  assert(files.length > 0, "the trace holds files");
  for (const name of files) rmSync(join(bad, "files", name));
}, ["replay"]);

test(
  "a trace that breaks off in a chunk is read up to the last whole one",
  () => {
    rmSync(bad, { recursive: true, force: true });
    cpSync(good, bad, { recursive: true });
    const events = join(bad, "events");
    truncateSync(events, readFileSync(events).length - 3);
    const { exit, stderr } = run([...TICKPROOF, "info", bad]);
    assertEquals(exit, { code: 0 }, stderr);
  },
  TEST_TIMEOUT,
);
