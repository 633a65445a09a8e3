/** `tickproof suites` as a process: Ctrl-C, and what a script sees. */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");
let folder = "";
let traces = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-suites-command-"));
  traces = join(folder, "traces");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a run of one test. */
function start(entry: string, ...options: string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const manifest = join(folder, "m.yaml");
  writeFileSync(manifest, `suite: mine\ntests:\n  - ${entry}\n`);
  return Bun.spawn([process.execPath, CLI, "suites", ...options, manifest], {
    stdin: "ignore",
    stderr: "pipe",
    env: { ...process.env, TICKPROOF_TRACES: traces, NO_COLOR: "1" },
  });
}

/** Processes that run with this argument. */
function running(argument: string): number[] {
  return readdirSync("/proc")
    .filter((name) => {
      try {
        return (
          /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").endsWith(`\0${argument}\0`)
        );
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

test("SIGINT ends the tests, cleans up, shows a partial summary, and is exit code 130", async () => {
  const marker = "86399.5";
  const child = start(`{ name: long, command: sleep, args: ["${marker}"], timeout: 90000 }`);
  while (running(marker).length === 0) await Bun.sleep(10);
  process.kill(child.pid, "SIGINT");
  const output = await child.stdout.text();
  assertEquals(await child.exited, 130);
  assertEquals(running(marker), []);
  assertStringIncludes(output, "the run was ended after 0 of 1 attempts");
  assertStringIncludes(output, "ended early");
  assertEquals(readdirSync(traces), []);
});

test("a plain run closes with a line of counts", async () => {
  const child = start("{ name: never, command: no-such-program }");
  const output = await child.stdout.text();
  assertEquals(await child.exited, 0);
  assertStringIncludes(output, "skip mine/never: this host has no 'no-such-program'");
  assertMatch(output, /\n0 passed, 0 failed, 1 skipped\n$/);
});

test("--json prints one object", async () => {
  const child = start("{ name: wrong, command: sh, args: [-c, exit 3] }", "--json");
  const { failed, tests } = JSON.parse(await child.stdout.text());
  assertEquals(await child.exited, 1);
  assertEquals([failed, tests[0].id, tests[0].verdict.kind], [1, "mine/wrong", "broken"]);
});
