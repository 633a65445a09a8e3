/** The command line as far as it goes without the engine: help, errors and exit codes. */
import { test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "cli.ts");
const CORE = resolve(import.meta.dir, "../manifests/core.yaml");

/** Runs the command line in another folder than its own. */
function cli(args: string[], environment: Record<string, string> = {}) {
  const child = Bun.spawnSync([process.execPath, CLI, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, ...environment },
  });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

/** Asserts one line on standard error, nothing on standard output, and exit code 2. */
function refuses(args: string[], words: string): void {
  const { code, stdout, stderr } = cli(args);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^tickproof: .+\n$/);
  assertStringIncludes(stderr, words);
}

test("--help lists the commands and the exit codes", () => {
  const { code, stdout, stderr } = cli(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const command of ["record", "replay", "dump", "info", "suites", "doctor", "stat"])
    assertStringIncludes(stdout, `\n  ${command} `);
  assertStringIncludes(stdout, "Exit codes:");
});

test("COMMAND --help shows its usage", () => {
  const { code, stdout } = cli(["record", "--help"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^Usage: tickproof record \[-o DIR\] .*\[--\] CMD ARGS…$/m);
});

test("--version names tickproof and Bun", () => {
  assertMatch(cli(["--version"]).stdout, /^tickproof \d+\.\d+\.\d+ \(Bun \d+\.\d+\.\d+\)\n$/);
});

test("wrong usage is one line with the nearest match, and exit code 2", () => {
  refuses([], "which command?");
  refuses(["recrd", "ls"], "unknown command 'recrd': did you mean 'record'?");
  refuses(
    ["bash", "-c", "exit 3"],
    "unknown command 'bash'; to record it: tickproof run -- bash -c 'exit 3'",
  );
  refuses(["--hlep"], "unknown option '--hlep': did you mean '--help'?");
  refuses(["record", "--quite", "ls"], "unknown option '--quite' for 'record': did you mean '--quiet'?");
  refuses(["suites", "--repeat", "none"], "at least 1: current value is 'none'");
  refuses(["suites", "--shard", "4/3"], "--shard takes i/n");
  refuses(["suites", "no-such.yaml"], "there is no file or folder 'no-such.yaml'");
  refuses(["info", "/no/such/trace"], "no such folder");
});

test("a filter that matches nothing names the nearest test, and is exit code 4", () => {
  const { code, stderr } = cli(["suites", "--filter", "alram", CORE]);
  assertEquals(code, 4);
  assertStringIncludes(stderr, "no test matches --filter 'alram': did you mean 'alarm'?");
});

test("a wrong manifest is told with file:line:column, and an exit code of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-cli-"));
  const file = join(folder, "m.yaml");
  writeFileSync(file, "suite: s\ntests:\n  - name: one\n    comand: ls\n");
  const { code, stderr } = cli(["suites", file]);
  assertEquals(code, 3);
  assertStringIncludes(
    stderr,
    "m.yaml:4:5: unknown key 'comand': did you mean 'command'?\n    4 |     comand: ls\n",
  );
  rmSync(folder, { recursive: true });
});

test("without a C compiler there is one clear error, and exit code 2", () => {
  const empty = mkdtempSync(join(tmpdir(), "tickproof-cli-"));
  const { code, stderr } = cli(["suites", CORE], { PATH: empty, CC: "" });
  rmSync(empty, { recursive: true });
  assertEquals(code, 2);
  assertMatch(stderr, /^tickproof: no C compiler .*apt-get install gcc.*\n$/);
});
