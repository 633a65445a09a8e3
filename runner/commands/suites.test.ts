/** `tickproof suites` as a process: Ctrl-C, and what a script sees. */
import { afterAll, afterEach, beforeAll, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FakeRr } from "../engines/rr/_fixtures.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");
let folder = "";
let traces = "";
/** Variables of the runs, beside those of this process. */
let environment: Record<string, string> = {};

afterEach(() => {
  environment = {};
});

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
    env: {
      ...process.env,
      ...environment,
      TICKPROOF_TRACES: traces,
      TICKPROOF_HISTORY: join(folder, "history.sqlite"),
      NO_COLOR: "1",
    },
  });
}

/** The output of a run of one test that ends with this exit code. */
async function output(code: number, entry: string, ...options: string[]): Promise<string> {
  const child = start(entry, ...options);
  const text = await child.stdout.text();
  assertEquals(await child.exited, code, await child.stderr.text());
  return text;
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
  assertEquals([failed, tests[0].id, tests[0].verdict.kind], [1, "mine/wrong", "fail"]);
});

test("--engine rr takes the rr that TICKPROOF_RR names", async () => {
  using rr = new FakeRr();
  environment = { TICKPROOF_RR: rr.path };
  const text = await output(0, "{ name: by-rr, command: echo, args: [output] }", "--engine", "rr");
  assertMatch(text, /\n {2}by-rr {2}rr 5\.6\.0 {2}pass +1,034 +6 +1 +1 /);
  assertMatch(text, /\n1 passed, 0 failed\n$/);
});

test("--engine rr is a skip in one line where rr refuses, and auto takes the embedded engine there", async () => {
  using rr = new FakeRr("refuse");
  environment = { TICKPROOF_RR: rr.path };
  const entry = "{ name: refused, command: echo, args: [output] }";
  const refused = await output(0, entry, "--engine", "rr");
  assertMatch(refused, /\n {2}skip mine\/refused: rr says: Unable to open performance counter .*\n/);
  assertMatch(refused, /\n0 passed, 0 failed, 1 skipped\n$/);
  const { tests } = JSON.parse(await output(0, entry, "--engine", "auto", "--json"));
  assertEquals([tests[0].engine, tests[0].verdict], ["embedded", { kind: "pass" }]);
});

test("conditions are decided by what the probes find here, and --force runs what is not supported", async () => {
  const entry = "{ name: gated, command: 'true', unsupported: { when: compiler, reason: not with one } }";
  const skipped = await output(0, entry);
  assertMatch(skipped, /\n {2}skip mine\/gated: this host has 'compiler' \(.*\): not with one\n/);
  const forced = await output(0, entry, "--force");
  assertStringIncludes(forced, "pass, flagged");
  assertMatch(forced, /\n {2}flag mine\/gated: forced: this host has 'compiler'/);
  assertMatch(forced, /1 of the passed flagged\n1 passed, 0 failed\n$/);
});

test("a test that passes against its xfail fails the run", async () => {
  const entry = "{ name: mended, command: 'true', xfail: { reason: not yet, url: 'https://example.org/1' } }";
  const text = await output(1, entry);
  assertStringIncludes(text, "it passed, and was expected to fail: not yet https://example.org/1\n");
  assertMatch(text, /1 of the failed passed unexpectedly \(xpass\)\n0 passed, 1 failed\n$/);
});

/** Runs `tickproof suites` on tickproof's own manifests. */
function suites(...options: string[]): { code: number; stdout: string; stderr: string } {
  const child = Bun.spawnSync([process.execPath, CLI, "suites", ...options], {
    env: { ...process.env, NO_COLOR: "1", TICKPROOF_TRACES: traces },
  });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

test("--host shows what would happen on a described host, and runs nothing", () => {
  const { code, stdout } = suites("--host", "haswell-kvm-4.7", "--filter", "core/");
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^what would happen on haswell-kvm-4\.7\n {2}test +embedded +rr\n {2}core\/alarm +\w+ +run\n/,
  );
  assertMatch(
    stdout,
    /\n {2}rr: skip core\/hle: haswell-kvm-4\.7 has 'kvm-in-txcp-bug' \(312 of 500 branches counted\): .* https:\/\/github\.com\/rr-debugger\/rr\/issues\/1952\n/,
  );
  const off = suites("--host", "skylake-tsx-off", "--filter", "core/hle", "--engine", "rr");
  assertMatch(off.stdout, /\n {2}core\/hle +run, flagged\n/);
});

test("--host takes force and JSON, and the path of a profile", () => {
  const path = resolve(import.meta.dir, "../../manifests/hosts/haswell-kvm-4.7.yaml");
  const { stdout } = suites("--host", path, "--filter", "core/hle", "--engine", "rr", "--force", "--json");
  const { host, tests } = JSON.parse(stdout);
  assertEquals([host, tests.length, tests[0].action], ["haswell-kvm-4.7", 1, "run, flagged"]);
  assertStringIncludes(tests[0].reasons[0].text, "312 of 500 branches counted");
});

test("--host names the nearest described host", () => {
  const { code, stderr } = suites("--host", "haswel");
  assertEquals([code, stderr], [2, "tickproof: no host is described as 'haswel': did you mean 'haswell'?\n"]);
});
