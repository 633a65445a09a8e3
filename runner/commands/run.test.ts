/** `tickproof run`: a whole command is recorded, passes everything through, and leaves a trace only if it fails. */
import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { UNRECORDABLE } from "./_fixtures.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-whole-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = () => ({
  ...process.env,
  TICKPROOF_TRACES: join(folder, "traces"),
  TMPDIR: folder,
  FOLDER: folder,
});

interface Ended {
  code: number | null;
  signal: string | number | undefined;
  stdout: string;
  stderr: string;
}

function tickproof(words: readonly string[], stdin = ""): Ended {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([process.execPath, CLI, ...words], {
    cwd: folder,
    env: environment(),
    stdin: Buffer.from(stdin),
  });
  return { code: exitCode, signal: signalCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Names of the traces that are there. */
function traces(): string[] {
  const runs = join(folder, "traces/runs");
  return existsSync(runs) ? readdirSync(runs).sort() : [];
}

/** The words behind a title in the summary. */
function told(stderr: string, title: string): string {
  return new RegExp(`^ {2}${title} +(.*)$`, "m").exec(stderr)?.[1] ?? "";
}

test("run: what passes gives its output and exit code, and no trace stays", () => {
  const { code, stdout, stderr } = tickproof(["run", "--", "sh", "-c", "cat; echo told >&2"], "asked\n");
  assertEquals(code, 0);
  assertEquals(stdout, "asked\n");
  assertEquals(stderr, "told\ntickproof: passed; a trace of what passes is not kept (--keep does)\n");
  assertEquals(traces(), []);
  assertEquals(tickproof(["run", "-q", "true"]).stderr, "");
  assertEquals(readdirSync(folder), ["traces"]);
});

test("run: what fails is told of, and the command that it names replays it", () => {
  const script = "echo 'ok 1 - good'; sh -c 'exit 7' worker; echo 'not ok 2 - bad one'; exit 3";
  const { code, stdout, stderr } = tickproof(["run", "--", "sh", "-c", script]);
  assertEquals(code, 3);
  assertEquals(stdout, "ok 1 - good\nnot ok 2 - bad one\n");
  assertEquals(told(stderr, "test"), "bad one");
  assertMatch(told(stderr, "processes"), /^\d+ sh -c exit 7 worker: exit code 7$/);
  assertEquals(told(stderr, "trace").split("  ")[0], join(folder, "traces/runs/sh-0"));
  const replay = Bun.spawnSync(["sh", "-c", told(stderr, "replay")], { cwd: folder, env: environment() });
  assertEquals(replay.exitCode, 3, replay.stderr.toString());
  assertEquals(replay.stdout.toString(), stdout);
  // The latest trace is that of the failure, also behind a run that passed.
  assertEquals(tickproof(["run", "-q", "true"]).code, 0);
  assertEquals(tickproof(["replay"]).stdout, stdout);
});

test("run: the whole tree of processes is in the trace, also one that leaves its group", () => {
  // What its processes and its tests are called does not steer the terminal.
  const script =
    "printf 'not ok 1 - a\\033]0;b\\007c\\n'; setsid -w sh -c 'kill -SEGV $$' $(printf '\\033[2J'); exit 1";
  const { code, stderr } = tickproof(["run", "--", "sh", "-c", script]);
  assertEquals(code, 1);
  assertMatch(told(stderr, "processes"), /^\d+ sh -c kill -SEGV \$\$ \\x1b\[2J: death by SIGSEGV$/);
  assertEquals(told(stderr, "test"), String.raw`a\x1b]0;b\x07c`);
});

test("run: a death by signal is passed through", () => {
  const { signal, stderr } = tickproof(["run", "--", "sh", "-c", "kill -KILL $$"]);
  assertEquals(signal, "SIGKILL");
  assertStringIncludes(stderr, "ended with death by SIGKILL");
});

test("run --keep keeps the trace of what passes", () => {
  const { code, stderr } = tickproof(["run", "--keep", "--", "true"]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, `passed; trace: ${join(folder, "traces/runs/true-0")}\n`);
  assertEquals(tickproof(["replay", "-q", "true-0"]).code, 0);
});

test("run --retry: what passes when it is tried again is flaky, and the failure's trace stays", () => {
  const script = "test -e seen || { touch seen; exit 5; }";
  const { code, stderr } = tickproof(["run", "--retry", "3", "--", "sh", "-c", script]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "attempt 1: failed");
  assertStringIncludes(stderr, "1 of 2 attempts passed; flaky");
  assertEquals(traces(), ["sh-0"]);
  const last = tickproof(["run", "--retry", "2", "--", "sh", "-c", "exit 6"]);
  assertEquals(last.code, 6);
  assertStringIncludes(last.stderr, "0 of 3 attempts passed");
});

test("run --until-fail ends with the first failure, and with --repeat where none comes", () => {
  const script = 'echo x >> count; test "$(wc -l < count)" != 3';
  const { code, stderr } = tickproof(["run", "--until-fail", "--", "sh", "-c", script]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "2 of 3 attempts passed");
  assertEquals(traces(), ["sh-0"]);
  const none = tickproof(["run", "--until-fail", "--repeat", "2", "--", "true"]);
  assertEquals([none.code, traces()], [0, ["sh-0"]]);
  assertStringIncludes(none.stderr, "2 of 2 attempts passed");
});

test("run --jobs: attempts run side by side, each one's output in one piece", () => {
  // Each waits for the other: one after the other, the first one would not come to its end.
  const script =
    "echo begin; mkdir one 2>/dev/null && me=one other=two || { mkdir two; me=two other=one; }; " +
    "while ! test -d $other; do sleep 0.05; done; echo end";
  const { code, stdout } = tickproof(["run", "--repeat", "2", "--jobs", "2", "--", "sh", "-c", script]);
  assertEquals([code, stdout], [0, "begin\nend\nbegin\nend\n"]);
});

test("run: a signal reaches the program, which may end by itself; its trace is kept", async () => {
  const script =
    "trap 'echo caught; exit 9' TERM; trap 'echo told' USR1; echo ready; while :; do sleep 0.05; done";
  const child = Bun.spawn([process.execPath, CLI, "run", "--", "bash", "-c", script], {
    cwd: folder,
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  for await (const bytes of child.stdout) {
    const before = output;
    output += new TextDecoder().decode(bytes);
    if (!before.includes("ready") && output.includes("ready")) child.kill("SIGUSR1");
    if (!before.includes("told") && output.includes("told")) child.kill("SIGTERM");
  }
  await child.exited;
  const words = await new Response(child.stderr).text();
  assertEquals(output, "ready\ntold\ncaught\n");
  assertEquals(child.exitCode, 9, words);
  assertEquals(traces(), ["bash-0"]);
  assertEquals(tickproof(["replay", "bash-0"]).stdout, output);
  assertEquals(readdirSync(folder), ["traces"]);
});

test("run --budget: the program goes on where the trace breaks off, and the summary says so", () => {
  const script =
    "head -c 6000000 /dev/urandom | tail -c 5; sleep 0.3; head -c 3000000 /dev/urandom >/dev/null; echo all; exit 4";
  const { code, stdout, stderr } = tickproof(["run", "--budget", "1", "--", "sh", "-c", script]);
  assertEquals(code, 4);
  assert(stdout.endsWith("all\n"));
  assertStringIncludes(told(stderr, "budget"), "it was used up");
  const replay = tickproof(["replay", "sh-0"]);
  assertEquals(replay.code, 0);
  assertStringIncludes(replay.stderr, "replayed in part");
});

test("run --budget: of kept traces the oldest go", () => {
  const noise = ["run", "--budget", "6", "--", "sh", "-c", "head -c 4000000 /dev/urandom >/dev/null; exit 1"];
  for (let round = 0; round < 3; round++) assertEquals(tickproof(noise).code, 1);
  assert(!traces().includes("sh-0"), traces().join());
  assert(traces().includes("sh-2"), traces().join());
});

test("run: tickproof.yaml says how often to try again, and what to keep", () => {
  writeFileSync(join(folder, "tickproof.yaml"), "retry: 1\nkeep: all\ntraces: here\n");
  const { TICKPROOF_TRACES: _, ...rest } = environment();
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, CLI, "run", "--", "false"], {
    cwd: folder,
    env: rest,
  });
  assertEquals(exitCode, 1);
  assertStringIncludes(stderr.toString(), "0 of 2 attempts passed");
  assertEquals(readdirSync(join(folder, "here/runs")).sort(), ["false-0", "false-1"]);
});

test("run: in GitHub Actions what failed goes into the job's summary", () => {
  const summary = join(folder, "summary.md");
  const command = [process.execPath, CLI, "run", "--", "sh", "-c", "echo 'not ok 1 - `a`'; exit 1"];
  const env = { ...environment(), GITHUB_STEP_SUMMARY: summary };
  assertEquals(Bun.spawnSync(command, { cwd: folder, env }).exitCode, 1);
  const text = readFileSync(summary, "utf8");
  assertMatch(
    text,
    /^### tickproof: a recorded failure\n\n```text\ntickproof: failed: [\s\S]*\n {2}replay .* sh-0\n {2}debug .* sh-0\n```\n/,
  );
  // Where it can't be written, the run ends as it would have.
  const { exitCode, stderr } = Bun.spawnSync(command, {
    cwd: folder,
    env: { ...env, GITHUB_STEP_SUMMARY: join(folder, "none/summary.md") },
  });
  assertEquals(exitCode, 1);
  assertStringIncludes(
    stderr.toString(),
    "warning: the job's summary (GITHUB_STEP_SUMMARY) can't be written: ENOENT",
  );
});

test("run: what can't be recorded runs by itself, and one line says why; --strict ends with 2", () => {
  const cases = [
    { script: "exit 3", code: 3, signal: undefined },
    { script: "kill 15, $$; sleep 60", code: null, signal: "SIGTERM" },
  ];
  for (const { script, code, signal } of cases) {
    const command = ["perl", "-e", `$| = 1; print "ran\n"; ${UNRECORDABLE}; ${script}`];
    const ended = tickproof(["run", "--repeat", "3", "--", ...command]);
    assertEquals([ended.code, ended.signal], [code, signal], ended.stderr);
    // Broken off once by the recorder, and once from its start to its end.
    assertEquals(ended.stdout, "ran\nran\n");
    const lines = ended.stderr.trimEnd().split("\n");
    assertMatch(lines[0] ?? "", /^tickproof: Cannot record int 0x80 at 0x[0-9a-f]+/);
    assertMatch(
      lines[1] ?? "",
      /^tickproof: nothing was recorded, for the reason above; now it runs again by itself: perl/,
    );
    assertEquals([lines.length, traces()], [2, []]);
    assertEquals(tickproof(["run", "--strict", "--", ...command]).code, 2);
    rmSync(join(folder, "traces"), { recursive: true });
  }
});

test("run: wrong usage and missing programs are one line and exit code 2", () => {
  const cases: [words: string[], message: string][] = [
    [["run"], "CMD"],
    [["run", "--until-fail", "--retry", "2", "--", "true"], "--until-fail and --retry"],
    [["run", "--", "no-such-program-here"], "no-such-program-here"],
    [["run", "--budget", "none", "--", "true"], "--budget"],
  ];
  for (const [words, message] of cases) {
    const { code, stderr } = tickproof(words);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
  }
  assertEquals(traces(), []);
  assert(!existsSync(join(folder, "traces/latest")));
});

test("run: a crash of the recorder leaves no program behind, and a trace that replays in part", async () => {
  // Enough for a part of the trace to be on disk: chunks of it are written as they fill.
  const script = "i=0; while [ $i -lt 8000 ]; do i=$((i+1)); echo line $i; done; echo $$ > pid; sleep 60";
  const child = Bun.spawn([process.execPath, CLI, "run", "--", "sh", "-c", script], {
    cwd: folder,
    env: environment(),
    stdout: "ignore",
    stderr: "pipe",
  });
  const file = join(folder, "pid");
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await Bun.sleep(20);
  const pid = Number(readFileSync(file, "utf8"));
  const recorder = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  process.kill(recorder, "SIGKILL");
  await child.exited;
  assertEquals(child.exitCode, 70);
  const stderr = await new Response(child.stderr).text();
  assertMatch(stderr, /^tickproof: the recorder ended before it could say anything \(SIGKILL\): sh -c /);
  assertMatch(told(stderr, "trace"), /^\S+runs\/sh-0 {2}\(it breaks off after [\d,]+ events\)$/);
  const replay = tickproof(["replay"]);
  assertEquals(replay.code, 0, replay.stderr);
  assertMatch(replay.stderr, /^tickproof: replayed in part: /);
  assertMatch(replay.stdout, /^line 1\nline 2\n(line \d+\n)+$/);
  while (existsSync(`/proc/${pid}`) && !/^State:\sZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) {
    await Bun.sleep(20);
  }
});
