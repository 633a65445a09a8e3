/** The command line of the benchmarks as far as it goes without measuring for long. */
import { afterAll, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const CLI = resolve(import.meta.dir, "cli.ts");
const folder = mkdtempSync(join(tmpdir(), "tickproof-bench-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function bench(args: string[], environment: Record<string, string> = {}) {
  const child = Bun.spawnSync([process.execPath, CLI, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
  });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

test("--help names the benchmarks and how to start them", () => {
  const { code, stdout, stderr } = bench(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Usage: npm run bench -- [--filter TEXT]");
  assertStringIncludes(stdout, "\n  counters  ");
  assertStringIncludes(stdout, "\n  engine    ");
});

test.each([
  [["--jsno", "x"], "unknown option '--jsno' for 'bench': did you mean '--json'?"],
  [["counter"], "there is no benchmark 'counter': did you mean 'counters'?"],
  [["--rounds", "0"], "'--rounds' must be a whole number of at least 1: current value is '0'"],
  [["engine", "--svg", "x.svg"], "'--svg' is for the benchmark 'counters', which is not run"],
  [["counters", "--runs", "3"], "'--runs' is for the benchmark 'engine', which is not run"],
  [["--filter", "gzip"], "'--filter' is for one benchmark: name one of counters, engine"],
  [["counters", "--filter", "rdpmcc"], "no row of 'counters' has 'rdpmcc' in its name"],
  [["engine", "--filter", "gzipp"], "no program of 'engine' has 'gzipp' in its name"],
  [["--json", "/no/such/folder/x"], "--json /no/such/folder/x can't be written"],
] as const)("wrong usage is one line and exit code 2: %j", (args, words) => {
  const { code, stderr } = bench([...args]);
  assertEquals(code, 2);
  assertMatch(stderr.split("\n").at(-2) ?? "", /^tickproof: /);
  assertStringIncludes(stderr, words);
});

test("'counters' writes JSON and a picture, also without a C compiler", () => {
  const args = ["counters", "--filter", "empty", "--rounds", "1", "--json", "r.json", "--svg", "r.svg"];
  const { code, stdout, stderr } = bench(args, { CC: "no-such-cc" });
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "no C: the compiler that CC names cannot be run");
  const { counters } = JSON.parse(readFileSync(join(folder, "r.json"), "utf8"));
  assertEquals(
    counters.rows.map((row: { name: string; state: string; c?: object }) => [row.name, row.state, row.c]),
    [["empty call", "measured", undefined]],
  );
  assertMatch(readFileSync(join(folder, "r.svg"), "utf8"), /^<svg /);
  assertEquals(readdirSync(folder).sort(), ["r.json", "r.svg"]);
  assertEquals(existsSync(join(folder, "r.json.new")), false);
});

test("Ctrl-C ends 'engine' with exit code 130 and leaves no folder behind", async () => {
  const before = readdirSync(folder);
  const child = Bun.spawn([process.execPath, CLI, "engine", "--filter", "chew_cpu"], {
    env: { ...process.env, TMPDIR: folder },
    stdout: "ignore",
    stderr: "pipe",
    detached: true,
  });
  let said = "";
  for await (const chunk of child.stderr) {
    said += Buffer.from(chunk).toString();
    // Said right before the first program starts.
    if (said.includes("chew_cpu: run 1 of 5")) break;
  }
  assertEquals(readdirSync(folder).length, before.length + 1);
  process.kill(-child.pid, "SIGINT");
  assertEquals(await child.exited, 130);
  assertEquals(readdirSync(folder), before);
});
