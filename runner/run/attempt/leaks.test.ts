/** What a program leaves behind is shown and ended; and nothing is left where the runner itself is killed. */
import { test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeRun, shellTest } from "../_fixtures.ts";

type KilledOptions = Bun.SpawnOptions.OptionsObject<"ignore", "ignore", "ignore">;

const CLI = resolve(import.meta.dir, "../../cli.ts");

/** Processes whose command line has this word of its own. */
function running(word: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").includes(word);
    } catch {
      return false; // no process, or none any more
    }
  });
}

/** Waits until so many are there; a process that was killed is seen for a moment. */
async function until(word: string, count: number): Promise<number> {
  for (let tries = 0; tries < 3000 && running(word).length !== count; tries++) await Bun.sleep(10);
  return running(word).length;
}

test("a program that leaves processes behind is a LEAK: also those in a session of their own; they are ended", async () => {
  const marker = `71.${process.pid}`;
  using fake = new FakeRun();
  // The engine ends what is left of a recording; its stand-in here does not.
  const script = `[ "$FAKE_RECORDED" ] || { sleep ${marker} & setsid sleep ${marker} & sleep 0.2; }`;
  const { results } = await fake.run([shellTest(script), shellTest("true", { name: "clean" })]);
  const [leaking, clean] = results.map(({ attempts }) => attempts[0]?.leaks);
  assertEquals(leaking?.[0], { phase: "native", commands: [`sleep ${marker}`, `sleep ${marker}`] });
  assertEquals(clean, undefined);
  assertEquals(await until(marker, 0), 0);
});

test("a daemon that forks twice, leaves the session and closes its outputs is a LEAK, which may be a failure", async () => {
  const marker = `73.${process.pid}`;
  using fake = new FakeRun();
  const daemon = `(setsid sh -c "sleep ${marker} >/dev/null 2>&1 </dev/null &" >/dev/null 2>&1)`;
  const script = `[ "$FAKE_RECORDED" ] || { ${daemon}; sleep 0.2; }`;
  const tests = [shellTest(script, { failsOnLeaks: true }), shellTest(script, { name: "shown" })];
  const { results } = await fake.run(tests);
  assertEquals(
    results.map(({ verdict }) => verdict),
    [{ kind: "fail", reasons: [`native left running: sleep ${marker}`] }, { kind: "pass" }],
  );
  assertEquals(results[1]?.attempts[0]?.leaks, [{ phase: "native", commands: [`sleep ${marker}`] }]);
  assertEquals(await until(marker, 0), 0);
});

test("a phase that takes longer than a test's bound is SLOW", async () => {
  using fake = new FakeRun();
  const tests = [
    shellTest("sleep 0.2", { slowSeconds: 0.1 }),
    shellTest("true", { name: "quick", slowSeconds: 600 }),
  ];
  const { results } = await fake.run(tests);
  assertEquals(results[0]?.attempts[0]?.slow?.[0], "native");
  assertEquals(results[1]?.attempts[0]?.slow, undefined);
});

/** What a run that was killed in its second test has left: all but the first one's trace is gone at the next start. */
async function leavesNoFile(folder: string, words: readonly string[], options: KilledOptions): Promise<void> {
  const [runs, temporary] = [join(folder, "t/suites"), join(folder, "tmp")];
  const [kept = "", ...others] = readdirSync(join(runs, "run-0")).filter((name) => !name.startsWith("."));
  assertEquals([kept, others], ["s.fails.1", ["s.hangs.1"]]);
  assertEquals(readdirSync(temporary).length, 1, "what it could not take away");
  // A trace that was kept by then stays, whole; nothing else of the run does.
  assertEquals(await Bun.spawn([...words, "--filter", "passes"], options).exited, 0);
  assertEquals(readdirSync(temporary), []);
  assertEquals(readdirSync(runs), ["run-0"]);
  assertEquals(readdirSync(join(runs, "run-0")), [kept]);
  assertEquals(
    await Bun.spawn([process.execPath, CLI, "verify", join(runs, "run-0", kept, "trace")], options).exited,
    0,
  );
}

test("kill -9 of the runner leaves no program, natively or recorded, and no file beyond the next start", async () => {
  for (const phase of ["native", "record"]) {
    const folder = mkdtempSync(join(tmpdir(), "tickproof-killed-"));
    const marker = `${phase === "native" ? 81 : 91}.${process.pid}`;
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    // Natively it hangs at once; recorded (a file says that it was run before) it hangs too.
    const hang = `if [ -e ran ] || [ ${phase} = native ]; then sleep ${marker} & setsid sleep ${marker}; fi; touch ran`;
    writeFileSync(
      join(folder, "m.yaml"),
      [
        "suite: s",
        "tests:",
        "  - { name: fails, command: 'false' }",
        `  - { name: hangs, command: sh, args: [-c, "${hang}"], timeout: 600 }`,
        "  - { name: passes, command: 'true' }",
      ].join("\n"),
    );
    const options: KilledOptions = {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"],
      env: {
        ...process.env,
        TMPDIR: temporary,
        TICKPROOF_TRACES: join(folder, "t"),
        TICKPROOF_HISTORY: join(folder, "h"),
      },
    };
    const words = [process.execPath, CLI, "suites", "--jobs", "1", "m.yaml"];
    const child = Bun.spawn(words, options);
    // Both programs, and the recorder which names them in no word of its own.
    assertEquals(await until(marker, 2), 2);
    child.kill("SIGKILL");
    await child.exited;
    assertEquals(await until(marker, 0), 0);
    if (phase === "record") await leavesNoFile(folder, words, options);
    rmSync(folder, { recursive: true, force: true });
  }
});

test("kill -9 of a recorder leaves no program; its test is broken, and the run goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-killed-"));
  const marker = `95.${process.pid}`;
  const hang = `if [ -e ran ]; then sleep ${marker} & setsid sleep ${marker}; fi; touch ran`;
  writeFileSync(
    join(folder, "m.yaml"),
    `suite: s\ntests:\n  - { name: hangs, command: sh, args: [-c, "${hang}"], timeout: 600 }\n  - { name: passes, command: 'true' }\n`,
  );
  const child = Bun.spawn([process.execPath, CLI, "suites", "--jobs", "1", "m.yaml"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, TICKPROOF_TRACES: join(folder, "t"), TICKPROOF_HISTORY: join(folder, "h") },
  });
  assertEquals(await until(marker, 2), 2);
  const report = join(folder, "t/suites/run-0/s.hangs.1/record.report.json");
  const [recorder] = running(report);
  process.kill(Number(recorder), "SIGKILL");
  const output = await child.stdout.text();
  assertEquals(await child.exited, 5, output);
  assertStringIncludes(output, "the engine gave up to record: death by SIGKILL");
  assertStringIncludes(output, "1 passed, 1 failed");
  assertEquals(await until(marker, 0), 0);
  rmSync(folder, { recursive: true, force: true });
});
