/**
 * A disk that becomes full or fails while the runner writes what is its own (the history, work folders, snapshots, kept traces, a report):
 * one clear error that names the place, or a warning and a run that goes on; nothing half-written, and the next run is well.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ERRNO } from "../../ffi/mod.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";
import { compiled } from "../hostile/_observe.ts";

const MANIFEST = `
suite: mine
tests:
  - name: good
    command: echo
    args: [hi]
    expect:
      stdout: { snapshot: true }
      ticks: { baseline: 5% }
`;
/** Its failure keeps a trace. */
const FAILING = `
suite: bad
tests:
  - name: wrong
    command: echo
    args: [hi]
    expect: { stdout: { equals: "bye" } }
`;
const LAST = 1_000_000_000;

const scratch = new Scratch();
const project = scratch.file("project");
let failer = "";

beforeAll(async () => {
  failer = await compiled("../faults/fail_call.c", scratch.file("failer"));
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** An empty project again. */
function afresh(): void {
  rmSync(project, { recursive: true, force: true });
  mkdirSync(join(project, "home"), { recursive: true });
  writeFileSync(join(project, "mine.yaml"), MANIFEST);
  writeFileSync(join(project, "bad.yaml"), FAILING);
}

/** Runs a command of tickproof whose own writes fail from one on; 0 for none. */
function suffer(words: readonly string[], from: number, error: "ENOSPC" | "EIO" = "ENOSPC") {
  const list = scratch.file("calls");
  const environment = {
    TICKPROOF_TRACES: join(project, "home/traces"),
    XDG_CACHE_HOME: scratch.file("cache"),
    XDG_DATA_HOME: join(project, "home"),
  };
  const under = [failer, "writes", ERRNO[error], from, LAST, list, project].map(String);
  const ended = run([...under, ...TICKPROOF, ...words], { cwd: project, environment });
  return { ...ended, calls: readFileSync(list, "utf8").split("\n").slice(1, -1) };
}

const SUITES: readonly string[] = ["suites", "--update-baseline", "mine.yaml"];
const KEEPING: readonly string[] = ["suites", "bad.yaml"];
const REPORT: readonly string[] = ["report", "-o", "page.html"];

/** What is there to be written, by the first call of each, and how that fails. */
const PLACES = [
  ["a report", REPORT, /^(write|openat) page\.html/, "ENOSPC"],
  ["a report", REPORT, /^(write|openat) page\.html/, "EIO"],
  ["the history's folder", SUITES, /^mkdir \.tickproof$/, "EIO"],
  ["the history", SUITES, /^pwrite64 \.tickproof\/history\.sqlite-wal$/, "ENOSPC"],
  ["the history", SUITES, /^pwrite64 \.tickproof\/history\.sqlite-wal$/, "EIO"],
  ["the folder of a run", SUITES, /^mkdir home\/traces\/suites\/run-0$/, "ENOSPC"],
  ["the folder of an attempt", SUITES, /^mkdir home\/traces\/suites\/run-0\/mine\.good\.1$/, "EIO"],
  ["a snapshot", SUITES, /^write __snapshots__\//, "ENOSPC"],
  ["a snapshot", SUITES, /^write __snapshots__\//, "EIO"],
  ["the folder of a kept trace", KEEPING, /^mkdir .*\/bad\.wrong\.1$/, "ENOSPC"],
  ["outputs beside a kept trace", KEEPING, /^openat .*\/record\.stdout$/, "EIO"],
] as const;

/** How each command ends where nothing fails. */
const ENDS = new Map([
  [SUITES, 0],
  [KEEPING, 1],
  [REPORT, 0],
]);

test(
  "whatever of its own the runner can't write, it says so once, leaves nothing half-written, and does well the next time",
  () => {
    afresh();
    const undisturbed = new Map([...ENDS.keys()].map((words) => [words, suffer(words, 0)]));
    for (const [what, words, place, error] of PLACES) {
      const { calls } = undisturbed.get(words)!;
      const from = 1 + calls.findIndex((call) => place.test(call));
      assert(from > 0, `${what}: ${calls.join("\n")}`);
      if (words !== REPORT) afresh();
      rmSync(join(project, "page.html"), { force: true });
      const { exit, stdout, stderr } = suffer(words, from, error);
      const all = `${what}: ${JSON.stringify(exit)}\n${stdout}${stderr}`;
      assert("code" in exit && exit.code !== 70, all);
      assert(!/\n\s+at |fault of tickproof/.test(all), all);
      assertMatch(
        all,
        error === "EIO" ? /EIO|I\/O error|unable to open/ : /ENOSPC|no space|disk is full|unable to open/,
        all,
      );
      const names = readdirSync(project, { recursive: true }).map(String);
      assertEquals(
        names.filter((name) => /\.new$|page\.html/.test(name)),
        [],
        all,
      );
    }
    for (const [words, { exit, stderr }] of undisturbed) {
      assertEquals(exit, { code: ENDS.get(words)! }, stderr);
      const again = suffer(words, 0);
      assertEquals(again.exit, exit, again.stderr);
    }
  },
  TEST_TIMEOUT,
);
