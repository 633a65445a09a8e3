/** What a program leaves behind is shown and ended; and nothing is left where the runner itself is killed. */
import { test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { FakeRun, shellTest } from "../_fixtures.ts";

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

test("kill -9 of the runner leaves no program, natively or recorded", async () => {
  for (const phase of ["native", "record"]) {
    const folder = mkdtempSync(join(tmpdir(), "tickproof-killed-"));
    const marker = `${phase === "native" ? 81 : 91}.${process.pid}`;
    // Natively it hangs at once; recorded (a file says that it was run before) it hangs too.
    const hang = `if [ -e ran ] || [ ${phase} = native ]; then sleep ${marker} & setsid sleep ${marker}; fi; touch ran`;
    writeFileSync(
      join(folder, "m.yaml"),
      `suite: s\ntests: [{ name: hangs, command: sh, args: [-c, "${hang}"], timeout: 600 }]\n`,
    );
    const child = Bun.spawn([process.execPath, CLI, "suites", "m.yaml"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"],
      env: { ...process.env, TICKPROOF_TRACES: join(folder, "t"), TICKPROOF_HISTORY: join(folder, "h") },
    });
    // Both programs, and the recorder which names them in no word of its own.
    assertEquals(await until(marker, 2), 2);
    child.kill("SIGKILL");
    await child.exited;
    assertEquals(await until(marker, 0), 0);
    rmSync(folder, { recursive: true, force: true });
  }
});
