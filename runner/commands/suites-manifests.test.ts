/** What manifests may say, by `tickproof suites` with the real engine. */
import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
const { CI: _, ...environment } = process.env;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-manifests-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);

/** Runs a manifest. */
function suites(manifest: string, options: readonly string[] = [], more: Record<string, string> = {}) {
  writeFileSync(file("m.yaml"), manifest);
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, CLI, "suites", ...options, "m.yaml"],
    {
      cwd: folder,
      stdin: "ignore",
      env: {
        ...environment,
        NO_COLOR: "1",
        TICKPROOF_TRACES: file("traces"),
        TICKPROOF_HISTORY: file("history.sqlite"),
        ...more,
      },
    },
  );
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Counts until a signal ends it; without stdio, which a handler must not touch (signal-safety(7)). */
const COUNTS = `#include <signal.h>
#include <unistd.h>
static void stop(int signal) {
  const char text[] = "stopped by 10\\n";
  _exit((signal == SIGUSR1 || signal == SIGWINCH) && write(1, text, sizeof text - 1) == sizeof text - 1 ? 4 : 5);
}
int main(void) {
  signal(SIGUSR1, stop);
  signal(SIGWINCH, stop);
  if (write(1, "ready\\n", 6) != 6) return 6;
  for (volatile unsigned long i = 1; i != 0; i++);
}
`;

test("suites sends the signals of a manifest: after a time, at an output, at a tick", () => {
  writeFileSync(file("counts.c"), COUNTS);
  const run = suites(`suite: s
defaults:
  program: counts.c
  timeout: 100
  expect: { exit: 4, stdout: { equals: "ready\\nstopped by 10\\n" }, signals: 1 }
tests:
  - name: late
    # One that is ignored where it comes before the program has begun.
    signals: [${[300, 1000, 3000, 10_000, 30_000].map((ms) => `{ send: SIGWINCH, at: { ms: ${ms} } }`).join(", ")}]
    expect: { signals: { min: 1 } }
  - { name: seen, signals: [{ send: SIGUSR1, at: { output: ^ready$ } }] }
  - { name: exact, repeat: 2, signals: [{ send: SIGUSR1, at: { ticks: 500000 } }], expect: { ticks: { min: 500000 } } }
`);
  assertEquals(run.code, 0, run.stdout);
  // It has no native run: the times are those of recording and replay.
  assertMatch(run.stdout, /exact +pass 2\/2 +(5\d\d,\d\d\d) +\d+ +1 +0 +[\d.]+ s +[\d.]+ s$/m);
});

test("suites builds programs of several sources, in C++ too, and runs a matrix by name", () => {
  writeFileSync(
    file("main.cc"),
    '#include <cmath>\n#include <cstdio>\n#include "part.h"\nint main(int, char **v) { std::printf("%s %d\\n", v[1], part()); }\n',
  );
  writeFileSync(file("part.cc"), '#include "part.h"\nint part() { return VALUE; }\n');
  writeFileSync(file("part.h"), "int part();\n");
  const manifest = `suite: s
tests:
  - name: built
    build: { sources: [main.cc, part.cc], flags: [-DVALUE=42], libraries: m }
    matrix: { args: [a, b] }
    expect: { stdout: { matches: '^[ab] 42$' } }
`;
  const all = suites(manifest);
  assertEquals(all.code, 0, all.stdout + all.stderr);
  assertStringIncludes(all.stdout, "2 passed, 0 failed");
  const one = suites(manifest, ["--filter", "s/built[args=b]"]);
  assertStringIncludes(one.stdout, "1 passed, 0 failed");
});

test("suites writes snapshots, says so, and writes them anew on demand only", () => {
  const manifest = (word: string) =>
    `suite: s\ntests: [{ name: t, command: echo, args: [${word}], expect: { stdout: { snapshot: true } } }]\n`;
  const first = suites(manifest("one"));
  assertEquals(first.code, 0);
  assertStringIncludes(first.stderr, "tickproof: 1 snapshot written: __snapshots__/s.t.stdout\n");
  assertEquals(suites(manifest("two")).code, 1);
  const updated = suites(manifest("two"), ["--update-snapshots"]);
  assertEquals([updated.code, readFileSync(file("__snapshots__/s.t.stdout"), "utf8")], [0, "two\n"]);
  rmSync(file("__snapshots__"), { recursive: true });
  assertEquals(suites(manifest("two"), [], { CI: "true" }).code, 1);
});
