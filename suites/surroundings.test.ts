/** Poor surroundings: one clear error with what, where and what to do, exit code 2, and no trace; or another way. */
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hostTest, proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const LAUNCHER = resolve(import.meta.dir, "../runner/bun");
const CLI = resolve(import.meta.dir, "../runner/cli.ts");

/** Records `true` after some words of the shell. */
function recordAfter(setup: string, start: readonly string[]): ReturnType<typeof run> & { trace: boolean } {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  const ended = run(["bash", "-c", `${setup}; exec "$@"`, "bash", ...start, "record", "-o", trace, "true"]);
  return { ...ended, trace: existsSync(trace) };
}

function refused(what: string, setup: string, words: RegExp, start: readonly string[] = TICKPROOF): void {
  hostTest(`${what} is one error with a remedy`, ["bash"], () => {
    const { exit, stderr, trace } = recordAfter(setup, start);
    assertEquals(exit, { code: 2 }, stderr);
    assertMatch(stderr, /^tickproof: .+\n$/);
    assertMatch(stderr, words);
    assert(!trace, "nothing is left behind");
  });
}

refused(
  "a limit of 8 open files",
  "ulimit -n 8",
  /only 8 files may be open \(\/proc\/self\/limits\).*ulimit -n/,
);
refused(
  "a limit of 2 GB of address space",
  "ulimit -v 2000000",
  /only 2048000000 bytes of address space are allowed.*ulimit -v unlimited/,
);
refused("a stack of 64 KiB", "ulimit -s 64", /the stack may have 64 KiB only.*ulimit -s 8192/, [
  LAUNCHER,
  CLI,
]);

const isRoot = process.getuid?.() === 0;
const canUnshare = isRoot && run(["unshare", "-m", "--ipc", "true"]).exit;
const namespaces = canUnshare && "code" in canUnshare && canUnshare.code === 0;
const needsNamespaces = namespaces ? test : test.skip;
const WHY = namespaces ? "" : " (skipped: this user makes no namespaces)";

needsNamespaces(
  `a system without /proc is one error with a remedy${WHY}`,
  () => {
    const { exit, stderr } = run([
      ...["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"],
      ...[LAUNCHER, CLI, "record", "true"],
    ]);
    assertEquals(exit, { code: 2 }, stderr);
    assertMatch(stderr, /^tickproof: there is no \/proc here .*mount -t proc proc \/proc.*\n$/);
  },
  TEST_TIMEOUT,
);

needsNamespaces(
  `a limit of processes that is reached is one error with a remedy${WHY}`,
  () => {
    const { exit, stderr } = run([
      ...["setpriv", "--reuid", "65531", "--regid", "65531", "--clear-groups"],
      ...["bash", "-c", 'ulimit -u 5; HOME=/nonexistent exec "$@"', "bash", ...TICKPROOF, "record", "true"],
    ]);
    assertEquals(exit, { code: 2 }, stderr);
    assertMatch(stderr, /^tickproof: user 65531 may have 5 processes and threads .*ulimit -u.*\n$/);
  },
  TEST_TIMEOUT,
);

for (const setting of ["shmmax 8192", "shmmni 0", "shmall 0"]) {
  const [name = "", value = ""] = setting.split(" ");
  needsNamespaces(
    `kernel.${name}=${value} leaves another way for the code cache${WHY}`,
    () => {
      using scratch = new Scratch();
      const trace = scratch.file("trace");
      const inside = (...words: string[]) =>
        run([
          "unshare",
          "--ipc",
          "sh",
          "-c",
          `echo ${value} > /proc/sys/kernel/${name} && exec "$@"`,
          "sh",
          ...words,
        ]);
      const native = run(["sh", "-c", "echo $((6 * 7))"]);
      const record = inside(...TICKPROOF, "record", "-q", "-o", trace, "sh", "-c", "echo $((6 * 7))");
      assertEquals(
        [record.exit, record.stdout.toString()],
        [native.exit, native.stdout.toString()],
        record.stderr,
      );
      const replay = inside(...TICKPROOF, "replay", "-q", trace);
      assertEquals(replay.stdout.toString(), native.stdout.toString(), replay.stderr);
      const doctor = inside(...TICKPROOF, "doctor", "--explain", "shared-memory");
      assertMatch(doctor.stdout.toString(), /tried: works/, doctor.stderr);
    },
    TEST_TIMEOUT,
  );
}

hostTest("limits that suffice are no reason to refuse", ["bash"], () => {
  proveSame(["bash", "-c", "ulimit -n 8; echo few"]);
});
