/** `tickproof stat` as a process: streams, exit codes, counts, and what it leaves behind. */
import { afterAll, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { StatSummary } from "../stat/mod.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");
const ROOT = mkdtempSync(join(tmpdir(), "stat-test-"));
afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

function stat(args: readonly string[], stdin = "") {
  const child = Bun.spawnSync([process.execPath, CLI, "stat", ...args], {
    cwd: ROOT,
    stdin: Buffer.from(stdin),
  });
  return {
    code: child.exitCode,
    signal: child.signalCode,
    stdout: child.stdout.toString(),
    stderr: child.stderr.toString(),
  };
}

/** The report as data, of a program that writes nothing to standard error. */
function statJson(args: readonly string[]): StatSummary {
  return JSON.parse(stat(["--json", ...args]).stderr) as StatSummary;
}

function mean(summary: StatSummary, name: string): number {
  const event = summary.events.find((candidate) => candidate.name === name);
  assert(event?.state === "counted", `${name}: ${event?.state}`);
  return event.mean;
}

test("stat leaves streams and exit code to the program, and reports on standard error", () => {
  const { code, stdout, stderr } = stat(["sh", "-c", "cat; echo told >&2; exit 3"], "given");
  assertEquals([code, stdout], [3, "given"]);
  assertMatch(stderr, /^told\n\ntickproof: counters of 'sh -c cat; echo told >&2; exit 3'\n/);
  assertMatch(stderr, /\n +\d+\.\d\d msec +task-clock +\d\.\d+ CPUs used\n/);
  assertMatch(stderr, /\n {2}\d+\.\d{6} seconds elapsed\n/);
});

test("stat dies of the signal that the program died of", () => {
  assertEquals(stat(["sh", "-c", "kill -TERM $$"]).signal, "SIGTERM");
});

test("stat counts the program and its children, from its exec on", () => {
  const one = mean(statJson(["-e", "page-faults", "/bin/true"]), "page-faults");
  const many = mean(
    statJson(["-e", "page-faults", "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do /bin/true; done"]),
    "page-faults",
  );
  assert(one > 10 && many > 8 * one * 0.5, `${one}, ${many}`);
});

test("stat counts the context switches of a program that sleeps", () => {
  assert(mean(statJson(["-e", "cs", "sh", "-c", "sleep 0.01; sleep 0.01; sleep 0.01"]), "cs") >= 3);
});

/** Waits until a process has counters open. */
async function counting(pid: number): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  const isCounter = (fd: string) => {
    try {
      return readlinkSync(join(folder, fd)) === "anon_inode:[perf_event]";
    } catch {
      return false; // it was closed meanwhile
    }
  };
  while (!readdirSync(folder).some(isCounter)) await Bun.sleep(5);
}

test("stat -p counts a process that runs already, to its end", async () => {
  await using target = Bun.spawn(["sh", "-c", "read go; sleep 0; sleep 0"], { stdin: "pipe" });
  const args = ["stat", "--json", "-p", String(target.pid), "-e", "page-faults,context-switches"];
  await using watch = Bun.spawn([process.execPath, CLI, ...args], { cwd: ROOT, stderr: "pipe" });
  await counting(watch.pid);
  target.stdin.write("go\n");
  target.stdin.end();
  const summary = JSON.parse(await new Response(watch.stderr).text()) as StatSummary;
  assertEquals([await watch.exited, summary.target, summary.command], [0, `process ${target.pid}`, []]);
  assert(mean(summary, "page-faults") > 0);
});

test("stat -p without an end is ended by Ctrl-C, which is no failure", async () => {
  await using target = Bun.spawn(["sleep", "1000"]);
  const args = ["stat", "-x", ";", "-p", String(target.pid), "-e", "page-faults"];
  await using watch = Bun.spawn([process.execPath, CLI, ...args], { cwd: ROOT, stderr: "pipe" });
  await counting(watch.pid);
  watch.kill("SIGINT");
  assertMatch(await new Response(watch.stderr).text(), /^(0|<not counted>);;page-faults;\d+;100\.00;/);
  assertEquals(await watch.exited, 0);
});

test("stat -a counts everybody while the program runs, or says what forbids it", () => {
  const { code, stderr } = stat(["-a", "-e", "context-switches", "--json", "sleep", "0.01"]);
  if (code === 0) {
    const summary = JSON.parse(stderr) as StatSummary;
    assertEquals(summary.target, "the system");
    assert(mean(summary, "context-switches") >= 1);
  } else {
    assertMatch(stderr, /perf_event_paranoid/);
  }
});

test("stat -I reports what was counted in each interval, and the sum is the whole", () => {
  const { code, stderr } = stat([
    "-I",
    "10",
    "-x",
    ",",
    "-e",
    "page-faults",
    "sh",
    "-c",
    "sleep 0.05; sleep 0",
  ]);
  assertEquals(code, 0);
  const lines = stderr.trimEnd().split("\n");
  const times = lines.map((line) => Number(/^(\d+\.\d{9}),/.exec(line)?.[1]));
  assertEquals(
    times,
    times.toSorted((a, b) => a - b),
  );
  const counts = lines.map((line) => Number(line.split(",")[1]) || 0);
  assert(counts.reduce((sum, count) => sum + count, 0) > 50, stderr);
});

test("stat refuses what contradicts itself", () => {
  const refused = (...args: string[]) => {
    const { code, stderr } = stat(args);
    assertEquals(code, 2);
    return stderr;
  };
  assertStringIncludes(refused("-e", "cs"), "nothing to count");
  assertStringIncludes(refused("-I", "5", "true"), "-I takes 10 milliseconds or more");
  assertStringIncludes(refused("-x", ",", "--json", "true"), "exclude each other");
  assertStringIncludes(refused("-a", "--host", "haswell", "true"), "'--host' runs a program of its own");
  assertStringIncludes(refused("-p", "999999999"), "there is no task 999999999");
});

test("stat -r runs the program so many times", () => {
  const summary = statJson([
    "-r",
    "4",
    "-e",
    "faults,task-clock",
    "sh",
    "-c",
    `echo x >> ${join(ROOT, "runs")}`,
  ]);
  assertEquals(readFileSync(join(ROOT, "runs"), "utf8"), "x\nx\nx\nx\n");
  assertEquals([summary.runs, summary.elapsed.values.length], [4, 4]);
  for (const event of summary.events) {
    assert(event.state === "counted");
    assertEquals(event.values.length, 4);
    assertEquals(event.share, 1);
  }
});

test("stat says not supported, with the reason, where there is no PMU", () => {
  const { events } = statJson(["-e", "instructions:u,retired-conditional-branches:u", "/bin/true"]);
  for (const event of events) {
    if (event.state === "counted") assert(event.mean > 0);
    else {
      assertEquals(event.state, "not-supported");
      assertStringIncludes(event.reason, "no PMU");
    }
  }
});

test("stat -o writes the report to a file, whole or not at all", () => {
  const file = join(ROOT, "report.json");
  const { code, stderr } = stat(["--json", "-o", file, "/bin/true"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals((JSON.parse(readFileSync(file, "utf8")) as StatSummary).command, ["/bin/true"]);
  assertEquals(
    readdirSync(ROOT).filter((name) => name.startsWith("report")),
    ["report.json"],
  );
  const refused = stat(["-o", "/no/such/folder/x", "sh", "-c", `touch ${join(ROOT, "ran")}`]);
  assertEquals([refused.code, existsSync(join(ROOT, "ran"))], [2, false]);
});

test("stat ends the program at SIGINT, prints what there is, and leaves nothing", async () => {
  const child = Bun.spawn([process.execPath, CLI, "stat", "sh", "-c", "echo $$; exec sleep 1000"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const pid = Number(new TextDecoder().decode(value));
  assert(existsSync(`/proc/${pid}`));
  child.kill("SIGINT");
  assertEquals(await child.exited, 130);
  const report = await new Response(child.stderr).text();
  assertStringIncludes(report, "sleep 1000', interrupted\n");
  assertMatch(report, /msec +task-clock/);
  assert(!existsSync(`/proc/${pid}`));
});

test("stat leaves nothing when it is killed", async () => {
  const child = Bun.spawn([process.execPath, CLI, "stat", "sh", "-c", "echo $$; exec sleep 1000"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const reader = child.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  assert(pid > 0);
  child.kill("SIGKILL");
  await child.exited;
  // The program has the other end of the pipe: it ends with it.
  assertEquals((await reader.read()).done, true);
});

test("stat kills a program that does not end at a second signal", async () => {
  const script = "trap 'echo told' TERM; trap '' INT; echo $$; while :; do sleep 0.01; done";
  const child = Bun.spawn([process.execPath, CLI, "stat", "-r", "3", "sh", "-c", script], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  const line = async () => new TextDecoder().decode((await reader.read()).value).trim();
  const pid = Number(await line());
  child.kill("SIGTERM");
  assertEquals(await line(), "told");
  child.kill("SIGINT");
  assertEquals(await child.exited, 128 + 15);
  assertStringIncludes(await new Response(child.stderr).text(), "interrupted");
  assert(!existsSync(`/proc/${pid}`));
});

test("stat refuses what it can't count or run, in one line and with exit code 2", () => {
  for (const [args, words] of [
    [
      ["-e", "pgae-faults", "true"],
      "cannot count 'pgae-faults': no event is named 'pgae-faults': did you mean 'page-faults'?",
    ],
    [["no-such-program"], "Cannot start no-such-program: there is no such program"],
    [[], "nothing to count: give a CMD"],
    [["-r", "0", "true"], "at least 1"],
    [["--jsno", "true"], "did you mean '--json'?"],
  ] as const) {
    const { code, stdout, stderr } = stat(args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^tickproof: .+\n$/);
    assertStringIncludes(stderr, words);
  }
});
