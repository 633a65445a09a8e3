import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const { TICKPROOF_TRACES: _, TICKPROOF_HISTORY: __, ...environment } = process.env;

/** Runs tickproof in the folder of the test. */
function tickproof(args: readonly string[], more: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, ...args], {
    cwd: folder,
    stdin: "ignore",
    env: { ...environment, NO_COLOR: "1", ...more },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("config shows where each setting comes from: flag, variable, file with line, default", () => {
  writeFileSync(file("tickproof.yaml"), "jobs: 3\nbaseline:\n  ticks: 5\ntraces: kept\n");
  const settings = JSON.parse(tickproof(["config", "--json"], { TICKPROOF_HISTORY: "/h.sqlite" }).stdout);
  const found = (name: string) => {
    const { value, source } = settings.find((setting: { name: string }) => setting.name === name);
    return [value, source];
  };
  assertEquals(found("jobs"), [3, { kind: "file", file: "tickproof.yaml", line: 1 }]);
  assertEquals(found("baseline.ticks"), [5, { kind: "file", file: "tickproof.yaml", line: 3 }]);
  assertEquals(found("traces"), [file("kept"), { kind: "file", file: "tickproof.yaml", line: 4 }]);
  assertEquals(found("history"), ["/h.sqlite", { kind: "environment", variable: "TICKPROOF_HISTORY" }]);
  assertEquals(found("retry"), [0, { kind: "default" }]);
  assertMatch(tickproof(["config"]).stdout, /\njobs +3 +tickproof\.yaml:1 +--jobs\n/);
});

test("a profile's settings lie over the file's, and those of the host over both", () => {
  const yaml = [
    "jobs: 1",
    "retry: 1",
    "baseline: { ticks: 5, overhead: 10 }",
    "profiles:",
    "  ci: { jobs: 2, baseline: { ticks: 6 } }",
    "  local: { jobs: 3 }",
    "  night: { jobs: 4 }",
    "hosts:",
    `  "${hostname().slice(0, 1)}*": { retry: 7 }`,
    '  "no-such-host": { jobs: 9 }',
    "",
  ].join("\n");
  writeFileSync(file("tickproof.yaml"), yaml);
  const found = (
    args: readonly string[],
    more: Record<string, string>,
  ): Record<string, [unknown, unknown]> => {
    const { stdout, stderr, code } = tickproof(["config", "--json", ...args], more);
    assertEquals(code, 0, stderr);
    const all: { name: string; value: unknown; source: { line?: number } }[] = JSON.parse(stdout);
    return Object.fromEntries(all.map(({ name, value, source }) => [name, [value, source.line]]));
  };
  const local = found([], { CI: "" });
  assertEquals(
    [local.jobs, local.retry, local["baseline.ticks"]],
    [
      [3, 6],
      [7, 9],
      [5, 3],
    ],
  );
  const ci = found([], { CI: "true" });
  assertEquals(
    [ci.jobs, ci["baseline.ticks"], ci["baseline.overhead"]],
    [
      [2, 5],
      [6, 5],
      [10, 3],
    ],
  );
  assertEquals(found([], { CI: "true", TICKPROOF_PROFILE: "night" }).jobs, [4, 7]);
  assertEquals(found(["--profile", "local"], { CI: "true", TICKPROOF_PROFILE: "night" }).jobs, [3, 6]);
  const wrong = tickproof(["suites", "--profile", "nihgt"]);
  assertEquals(
    [wrong.code, wrong.stderr],
    [2, "tickproof: tickproof.yaml has no profile 'nihgt': did you mean 'night'?\n"],
  );
});

test("suites takes what tickproof.yaml includes, by profile, else what lies below", () => {
  const manifest = (suite: string) => `suite: ${suite}\ntests:\n  - { name: one, command: 'true' }\n`;
  writeFileSync(file("a.yaml"), manifest("a"));
  writeFileSync(file("b.yaml"), manifest("b"));
  const listed = (...args: string[]) =>
    tickproof(["suites", "--list", ...args], { CI: "" }).stdout.match(/[ab]\/one/g);
  assertEquals(listed(), ["a/one", "b/one"]);
  writeFileSync(file("tickproof.yaml"), "include: [a.yaml]\nprofiles: { ci: { include: ['*.yaml'] } }\n");
  assertEquals(listed(), ["a/one"]);
  assertEquals(listed("--profile", "ci"), ["a/one", "b/one"]);
  assertEquals(listed("b.yaml"), ["b/one"]);
});

test("suites finds nothing of tickproof's own in a folder of others", () => {
  const { code, stderr } = tickproof(["suites"]);
  assertEquals(code, 4);
  assertStringIncludes(stderr, `there is no manifest or script below ${folder}`);
});

test("a wrong tickproof.yaml is told with its place, by whatever command", () => {
  writeFileSync(file("tickproof.yaml"), "jbos: 3\n");
  const { code, stderr } = tickproof(["history"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "tickproof.yaml:1:1: unknown key 'jbos': did you mean 'jobs'?");
});

test("traces and the history go where tickproof.yaml wants them", () => {
  writeFileSync(file("tickproof.yaml"), "traces: kept\nhistory: own.sqlite\n");
  assertEquals(tickproof(["record", "true"]).code, 0);
  assertEquals(existsSync(file("kept/true-0/meta.json")), true);
  writeFileSync(file("m.yaml"), "suite: m\ntests:\n  - { name: one, command: 'true' }\n");
  assertEquals(tickproof(["suites", "m.yaml"]).code, 0);
  assertEquals(existsSync(file("own.sqlite")), true);
  assertStringIncludes(tickproof(["history"]).stdout, "m/one");
});

test("suites --failed takes the failures of the last run", () => {
  writeFileSync(
    file("m.yaml"),
    "suite: m\ntests:\n  - { name: good, command: 'true' }\n  - { name: wrong, command: 'true', expect: { events: { max: 1 } } }\n",
  );
  assertEquals(tickproof(["suites", "--failed", "m.yaml"]).code, 2);
  assertEquals(tickproof(["suites", "m.yaml"]).code, 1);
  const { code, stdout } = tickproof(["suites", "--failed", "m.yaml"]);
  assertEquals(code, 1);
  assertMatch(stdout, /\n0 passed, 1 failed\n$/);
});

test("suites --watch runs again when a source changes, and ends by a signal", async () => {
  writeFileSync(file("m.yaml"), "suite: m\ntests:\n  - { name: one, command: 'true' }\n");
  const child = Bun.spawn([process.execPath, CLI, "suites", "--watch", "m.yaml"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: Bun.file(file("stderr")),
    env: { ...environment, NO_COLOR: "1", TICKPROOF_TRACES: file("traces") },
  });
  const waiting = () =>
    existsSync(file("stderr")) ? readFileSync(file("stderr"), "utf8").split("waiting for").length - 1 : 0;
  while (waiting() < 1) await Bun.sleep(10);
  writeFileSync(file("m.yaml"), "suite: m\ntests:\n  - { name: two, command: 'true' }\n");
  while (waiting() < 2) await Bun.sleep(10);
  child.kill("SIGINT");
  assertEquals(await child.exited, 0);
  const output = await child.stdout.text();
  assertStringIncludes(output, "\n  one ");
  assertStringIncludes(output, "\n  two ");
});

test("setup and teardown of the run, of a manifest and of a test stand around what they are for", () => {
  writeFileSync(
    file("tickproof.yaml"),
    "setup: echo + run >> log; echo RUN=of-the-run >> $TICKPROOF_ENV\nteardown: echo - run >> log; exit 7\ntimeout: 100\n",
  );
  writeFileSync(file("up.sh"), "#!/bin/sh\necho + test $1 >> log\n", { mode: 0o755 });
  const yaml = [
    "suite: fixtures",
    "setup: [echo + manifest >> log, echo MANIFEST=$RUN-too >> $TICKPROOF_ENV]",
    "teardown: echo - manifest >> log",
    "tests:",
    "  - name: stands",
    "    command: sh",
    "    args: [-c, 'echo $RUN $MANIFEST $MORE']",
    "    setup: { command: ./up.sh, args: [one] }",
    "    teardown: { command: sh, args: [-c, 'echo - test $WHICH >> log'], environment: { WHICH: one } }",
    "    environment: { MORE: own }",
    '    expect: { stdout: { equals: "of-the-run of-the-run-too own\\n" } }',
    "",
  ].join("\n");
  writeFileSync(file("f.suite.yaml"), yaml);
  const script =
    'import { test } from "tickproof";\ntest("in scripts", () => { if (process.env.RUN !== "of-the-run") throw new Error("no RUN"); });\n';
  writeFileSync(file("z.script.ts"), script);
  const { code, stdout } = tickproof(["suites", "--jobs", "1", "f.suite.yaml", "z.script.ts"]);
  assertStringIncludes(stdout, "\n2 passed, 0 failed\n");
  assertEquals(readFileSync(file("log"), "utf8").trim().split("\n"), [
    "+ run",
    "+ manifest",
    "+ test one",
    "- test one",
    "+ test one",
    "- test one",
    "- manifest",
    "- run",
  ]);
  // What tears the run down has failed: nothing is wrong with the tests.
  assertStringIncludes(stdout, "broken the teardown of the run ended with exit code 7: sh -c echo - run");
  assertEquals(code, 5);
});

test("settings that were checked before are not read as YAML again, and a change of the file counts at once", () => {
  const cache = file("cache");
  const at = (text: string) => {
    writeFileSync(file("tickproof.yaml"), text);
    return tickproof(["record", "-q", "true"], { XDG_CACHE_HOME: cache });
  };
  assertEquals([at("traces: one\n").code, existsSync(file("one/true-0/meta.json"))], [0, true]);
  const [kept = ""] = readdirSync(join(cache, "tickproof/settings"));
  const path = join(cache, "tickproof/settings", kept);
  const known = JSON.parse(readFileSync(path, "utf8"));
  assertEquals(known.settings, { traces: "one" });
  // What is kept is what is taken: a text that says otherwise would be read if it were not.
  writeFileSync(path, JSON.stringify({ ...known, settings: { traces: "kept" } }));
  assertEquals([at("traces: one\n").code, existsSync(file("kept/true-0"))], [0, true]);
  assertEquals([at("traces: two\n").code, existsSync(file("two/true-0"))], [0, true]);
  writeFileSync(path, "damaged");
  assertEquals([at("traces: two\n").code, existsSync(file("two/true-1"))], [0, true]);
  assertEquals([at("trace: two\n").code, existsSync(file("two/true-2"))], [2, false]);
});
