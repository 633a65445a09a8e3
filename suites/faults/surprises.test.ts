/** What else the machine, or its user, may do to a recording: dates that are set, folders that vanish, two recorders at once. */
import { test } from "bun:test";
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { hostTest, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";

/** Starts a recording, for what it says and how it ends. */
function start(words: readonly string[], environment: Record<string, string> = {}) {
  const child = Bun.spawn([...TICKPROOF, "record", "-q", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  return {
    async ended() {
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      return { code: await child.exited, stdout, stderr };
    },
  };
}

function replayed(trace: string): string {
  const { exit, stdout, stderr } = run([...TICKPROOF, "replay", "-q", trace]);
  assertEquals(exit, { code: 0 }, stderr);
  return stdout.toString();
}

test(
  "of recorders that are given one folder one records, and the others say why they don't",
  async () => {
    using scratch = new Scratch();
    const trace = scratch.file("trace");
    const runs = ["one", "two", "three"].map((word) => start(["-o", trace, "--", "echo", word]));
    const ends = await Promise.all(runs.map((one) => one.ended()));
    const [good, ...more] = ends.filter(({ code }) => code === 0);
    assert(good && more.length === 0, JSON.stringify(ends));
    for (const { code, stdout, stderr } of ends) {
      if (code === 0) continue;
      assertEquals([code, stdout], [2, ""]);
      assertMatch(stderr, /^tickproof: Cannot start a trace[^\n]+\n$/);
    }
    assertEquals(replayed(trace), good.stdout);
  },
  TEST_TIMEOUT,
);

test(
  "recorders at once have traces of their own, and 'latest' is one of them",
  async () => {
    using scratch = new Scratch();
    const words = ["one", "two", "three"];
    const runs = words.map((word) => start(["--", "echo", word], { TICKPROOF_TRACES: scratch.path }));
    for (const one of runs) assertEquals((await one.ended()).code, 0);
    const names = readdirSync(scratch.path).toSorted();
    assertEquals(names, ["echo-0", "echo-1", "echo-2", "latest"]);
    const shown = names.slice(0, 3).map((name) => replayed(scratch.file(name)).trim());
    assertEquals(shown.toSorted(), words.toSorted());
    assert(names.slice(0, 3).includes(readlinkSync(scratch.file("latest"))));
  },
  TEST_TIMEOUT,
);

for (const [what, happen] of [
  ["removed", (trace: string) => rmSync(trace, { recursive: true })],
  ["moved away", (trace: string) => renameSync(trace, `${trace}-moved`)],
] as const) {
  test(
    `a recording whose folder is ${what} says that its trace is gone`,
    async () => {
      using scratch = new Scratch();
      const trace = scratch.file("trace");
      const [ready, go] = [scratch.file("ready"), scratch.file("go")];
      const script = `: > ${ready}; while [ ! -e ${go} ]; do :; done; echo done`;
      const recording = start(["-o", trace, "--", "sh", "-c", script]);
      for (let tries = 0; tries < 10_000 && !existsSync(ready); tries++) await Bun.sleep(10);
      happen(trace);
      writeFileSync(go, "");
      const { code, stdout, stderr } = await recording.ended();
      assertEquals([code, stdout], [2, "done\n"]);
      assertMatch(stderr, /^tickproof: The trace is gone: its folder was removed or moved[^\n]+\n$/);
    },
    TEST_TIMEOUT,
  );
}

hostTest(
  "a date that is set forth and back, and clocks that jump, disturb neither recording nor replay",
  ["cc"],
  () => {
    using scratch = new Scratch();
    const library = scratch.file("clock_jumps.so");
    const source = resolve(import.meta.dir, "clock_jumps.c");
    assertEquals(run(["cc", "-shared", "-fPIC", "-O1", source, "-o", library]).exit, { code: 0 });
    const environment = { LD_PRELOAD: library, XDG_CACHE_HOME: scratch.file("cache") };
    assertNotEquals(
      run(["date", "+%Y"], { environment }).stdout.toString(),
      run(["date", "+%Y"]).stdout.toString(),
    );
    const looks =
      "const first = performance.now(); for (let i = 0; i < 1000; i++) performance.now(); console.log(performance.now() - first);";
    const jumped = run([process.execPath, "-e", looks], { environment });
    assert(Number(jumped.stdout.toString()) > 3_600_000, jumped.stderr);
    for (const name of ["cold", "warm"]) {
      const trace = scratch.file(name);
      const program = ["sh", "-c", "date +%s; sleep 0.01; date +%s; (exit 3)"];
      const record = run([...TICKPROOF, "record", "-q", "-o", trace, "--", ...program], { environment });
      assertEquals([record.exit, record.stderr], [{ code: 3 }, ""]);
      for (const command of ["replay", "verify"]) {
        const { exit, stdout, stderr } = run([...TICKPROOF, command, trace], { environment });
        assertEquals(exit, { code: command === "replay" ? 3 : 0 }, stderr);
        if (command === "replay") assertEquals(stdout.toString(), record.stdout.toString());
      }
    }
    assert(existsSync(join(scratch.file("cache"), "tickproof")));
  },
);
