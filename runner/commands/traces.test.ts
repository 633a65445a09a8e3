import { afterAll, beforeAll, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
let root = "";

/** A trace as far as it takes to list it. */
function put(name: string, startedAt: string, command: readonly string[]): void {
  mkdirSync(join(root, name), { recursive: true });
  const host = { cpu: "c", kernel: "k", cores: 1, hostname: "h" };
  const meta = {
    format: "tickproof-trace",
    version: 4,
    command,
    program: "/bin/x",
    environment: {},
    cwd: "/",
    host,
    engine: { name: "e", version: "1" },
    bun: "1",
    startedAt,
  };
  writeFileSync(join(root, name, "meta.json"), JSON.stringify(meta));
  writeFileSync(join(root, name, "events"), Buffer.alloc(1_000_000));
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tickproof-trace-list-"));
  put("date-0", "2026-01-01T10:00:00.000Z", ["date", "\u001b[31m"]);
  put("runs/npm-test-0", "2026-01-03T10:00:00.000Z", ["npm", "test"]);
  put("suites/run-0/core.alarm.0/trace", "2026-01-02T10:00:00.000Z", ["alarm"]);
  mkdirSync(join(root, "broken-0"));
  writeFileSync(join(root, "broken-0/meta.json"), "{");
});

afterAll(() => rmSync(root, { recursive: true }));

function tickproof(...args: string[]): { exitCode: number; stdout: string; stderr: string } {
  const env = { ...process.env, TICKPROOF_TRACES: root, NO_COLOR: "1" };
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, "traces", ...args], {
    env,
    cwd: root,
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const namesOf = (stdout: string): string[] =>
  (JSON.parse(stdout) as { traces: { name: string }[] }).traces.map(({ name }) => name);

test("traces lists all, the newest first, says what is damaged, and shows nothing that steers a terminal", () => {
  const { stdout, exitCode } = tickproof();
  assertEquals(exitCode, 0);
  const lines = stdout.trimEnd().split("\n");
  assertMatch(lines[1] ?? "", /^runs\/npm-test-0 +1\.0 +0\.0 +2026-01-03 10:00 +npm test$/);
  assertStringIncludes(stdout, "suites/run-0/core.alarm.0/trace");
  assertMatch(stdout, /broken-0 .* damaged: .*no JSON/);
  assertEquals(stdout.includes("\u001b"), false);
  assertEquals(lines.at(-1), "4 traces, 3.0 MB");
});

test("traces finds what is older, and what is named", () => {
  assertEquals(namesOf(tickproof("--json", "--older-than", "1").stdout).length, 3);
  assertEquals(namesOf(tickproof("--json", "npm-test-0", "alarm").stdout), [
    "runs/npm-test-0",
    "suites/run-0/core.alarm.0/trace",
  ]);
  const none = tickproof("nothing-0");
  assertEquals(none.exitCode, 2);
  assertStringIncludes(none.stderr, "there is no trace 'nothing-0'");
});

test("traces removes what is named and folders that are empty then, and nothing that is elsewhere", () => {
  assertEquals(tickproof("--remove").exitCode, 2);
  const outside = tickproof("--remove", "date-0", tmpdir());
  assertEquals(outside.exitCode, 2);
  assertStringIncludes(outside.stderr, "remove it by hand");
  assertEquals(existsSync(join(root, "date-0")), true);

  const { exitCode, stderr } = tickproof("--remove", "alarm", "date-0");
  assertEquals([exitCode, stderr], [0, "tickproof: removed 2 traces, 2.0 MB\n"]);
  assertEquals(readdirSync(root).toSorted(), ["broken-0", "runs"]);
});

test("the latest trace is the newest of those that are left", () => {
  put("date-1", "2026-02-01T10:00:00.000Z", ["date"]);
  put("date-2", "2026-02-02T10:00:00.000Z", ["date"]);
  Bun.spawnSync(["ln", "-s", "date-2", join(root, "latest")]);
  tickproof("--remove", "date-2");
  assertEquals(readlinkSync(join(root, "latest")), "date-1");
});
