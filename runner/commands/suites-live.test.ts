/** What `tickproof suites` shows while it runs, and how Ctrl-C ends it. */
import { afterAll, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
const ROOT = mkdtempSync(join(tmpdir(), "tickproof-live-"));
afterAll(() => rmSync(ROOT, { recursive: true }));

const ENVIRONMENT = {
  ...process.env,
  TICKPROOF_TRACES: join(ROOT, "traces"),
  TICKPROOF_HISTORY: join(ROOT, "h"),
};

/** A manifest with one test that runs a shell script. */
function manifest(name: string, script: string): string {
  const path = join(ROOT, `${name}.suite.yaml`);
  writeFileSync(
    path,
    `suite: ${name}\ntests:\n  - name: it\n    command: sh\n    args: ["-c", ${JSON.stringify(script)}]\n`,
  );
  return path;
}

const scriptTest = Bun.which("script")
  ? test
  : (name: string, body: () => void, _: number) =>
      test.skip(`${name} (skipped: this host has no script)`, body);

scriptTest(
  "suites has live lines on a terminal, and plain ones with NO_COLOR",
  () => {
    const path = manifest("live", "echo done");
    const shown = (environment: Record<string, string>) => {
      const command = `stty cols 40; exec ${process.execPath} ${CLI} suites ${path}`;
      const { stdout } = Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
        env: { ...ENVIRONMENT, TERM: "xterm", ...environment },
        stdin: "ignore",
      });
      return stdout.toString();
    };
    const rich = shown({ NO_COLOR: "" });
    assertStringIncludes(rich, `\r\x1b[J[${".".repeat(20)}] 0/1`);
    assertMatch(rich, /\n {2}it {2}record {2}\d/);
    for (const frame of rich.split("\x1b[J").slice(1, -1))
      for (const line of frame.split(/\r?\n/)) assert(line.replace(/\r.*$/, "").length < 40, line);
    const plain = shown({ NO_COLOR: "1" });
    assert(!plain.includes("\x1b"), plain);
    assertMatch(plain, /^pass live\/it \d+\.\d\d s\r?$/m);
  },
  60_000,
);

/** Whether a process is there. */
function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

test("suites that gets Ctrl-C twice ends at once, and leaves no process and no temporary folder", async () => {
  const told = join(ROOT, "pid");
  // It does not end by a signal: only by force.
  const path = manifest(
    "stubborn",
    `trap '' INT TERM; echo $$ > ${told}.new; mv ${told}.new ${told}; while :; do sleep 1; done`,
  );
  const temporary = join(ROOT, "temporary");
  mkdirSync(temporary);
  const child = Bun.spawn([process.execPath, CLI, "suites", path], {
    env: { ...ENVIRONMENT, TMPDIR: temporary },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    detached: true,
  });
  while (!existsSync(told)) await Bun.sleep(5);
  const program = Number(readFileSync(told, "utf8"));
  assert(lives(program));
  process.kill(child.pid, "SIGINT");
  process.kill(child.pid, "SIGTERM");
  // Whichever comes second is the one that it ends by.
  assert([130, 143].includes(await child.exited));
  assertEquals(await child.stdout.text(), "", "no time for a summary");
  assertEquals(readdirSync(temporary), []);
  while (lives(program)) await Bun.sleep(5);
}, 60_000);
