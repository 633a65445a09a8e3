/** A trace that is damaged, foreign or missing is one clear line and exit code 2, never a crash. */
import { afterAll, beforeAll, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
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

/** What may stand in the place of a file: it never answers, never ends, or leads out of the folder. */
const STAND_INS: Readonly<Record<string, (path: string) => void>> = {
  "a FIFO": (path) => assertEquals(run(["mkfifo", path]).exit, { code: 0 }),
  "a link to a device without end": (path) => symlinkSync("/dev/zero", path),
  "a link to another file": (path) => symlinkSync("/bin/sh", path),
  "a folder": (path) => mkdirSync(path),
};

for (const name of ["meta.json", "events", "files.jsonl", "files/000", "files"]) {
  for (const [what, put] of Object.entries(STAND_INS)) {
    if (name === "files" && what === "a folder") continue;
    damaged(
      `with ${what} in place of ${name}`,
      () => {
        cpSync(good, bad, { recursive: true });
        rmSync(join(bad, name), { recursive: true });
        put(join(bad, name));
      },
      name.startsWith("files") && name !== "files.jsonl" ? ["replay"] : undefined,
    );
  }
}

damaged("whose files lie behind a link", () => {
  cpSync(good, bad, { recursive: true });
  rmSync(join(bad, "files"), { recursive: true });
  symlinkSync(join(good, "files"), join(bad, "files"));
}, ["replay"]);

damaged("with a list of nothing but lines", () => {
  cpSync(good, bad, { recursive: true });
  writeFileSync(join(bad, "files.jsonl"), Buffer.alloc(32 << 20, "\n"));
});

test(
  "what a trace says steers no terminal, as text and as JSON",
  () => {
    rmSync(bad, { recursive: true, force: true });
    cpSync(good, bad, { recursive: true });
    const meta = JSON.parse(readFileSync(join(bad, "meta.json"), "utf8"));
    const hostile = "\x1b]0;title\x07\x9b2J\x7f\u202e";
    writeFileSync(join(bad, "meta.json"), JSON.stringify({ ...meta, command: [hostile], bun: hostile }));
    rmSync(join(bad, "files/000"));
    const list = readFileSync(join(bad, "files.jsonl"), "utf8").replaceAll(
      '"path":"',
      `"path":${JSON.stringify(hostile).slice(0, -1)}`,
    );
    writeFileSync(join(bad, "files.jsonl"), list);
    for (const command of [["info"], ["info", "--json"], ["dump"], ["dump", "--json"], ["replay"]]) {
      const { stdout, stderr } = run([...TICKPROOF, ...command, bad]);
      const shown = stdout.toString() + stderr;
      const steering = [...shown].filter((c) => c !== "\n" && /[\p{Cc}\u202e]/u.test(c));
      assertEquals(steering, [], command.join(" "));
    }
  },
  TEST_TIMEOUT,
);

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
