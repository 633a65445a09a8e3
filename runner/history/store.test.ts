import { Database } from "bun:sqlite";
import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { addRun, attempt, runOn } from "./_fixtures.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { History, type RunInfo } from "./store.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-history-"));
  path = join(folder, "inner/history.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("History keeps attempts from one opening to the next", () => {
  {
    using history = History.open(path);
    addRun(history, runOn(1), [{}, { verdict: "fail", reason: "ticks differ", ticks: null }]);
  }
  using history = History.open(path);
  const [first, second] = history.attempts();
  assertEquals(first, { run: 1, ...attempt(), ...runHeader(1) });
  assertEquals(
    [second?.number, second?.verdict, second?.reason, second?.ticks],
    [2, "fail", "ticks differ", null],
  );
});

function runHeader(day: number): Pick<RunInfo, "startedAt" | "host" | "cpu" | "kernel"> {
  const { startedAt, host, cpu, kernel } = runOn(day);
  return { startedAt, host, cpu, kernel };
}

test("History.runs() counts attempts, the newest run first", () => {
  using history = History.open(path);
  addRun(history, runOn(1), [{}, { verdict: "fail" }, { verdict: "skip" }]);
  history.addRun(runOn(2));
  assertEquals(
    history
      .runs()
      .map(({ id, finished, attempts, passed, skipped }) => [id, finished, attempts, passed, skipped]),
    [
      [2, false, 0, 0, 0],
      [1, true, 3, 1, 1],
    ],
  );
});

test("History.attempts() chooses by test, run, host and time", () => {
  using history = History.open(path);
  addRun(history, runOn(1), [{}, { test: "core/hle" }]);
  addRun(history, runOn(2, { host: "other" }), [{}]);
  assertEquals(history.attempts({ test: "core/hle" }).length, 1);
  assertEquals(history.attempts({ run: 1 }).length, 2);
  assertEquals(
    history.attempts({ host: "other" }).map(({ run }) => run),
    [2],
  );
  assertEquals(
    history.attempts({ since: "2026-11-02" }).map(({ run }) => run),
    [2],
  );
});

test("History.prune() removes the oldest runs with their attempts", () => {
  using history = History.open(path);
  for (const day of [1, 2, 3]) addRun(history, runOn(day), [{}]);
  assertEquals(history.prune(2), 1);
  assertEquals(
    history.attempts().map(({ run }) => run),
    [2, 3],
  );
});

test("History.open() refuses what is no history, and one of a newer version", () => {
  const wrong = join(folder, "wrong");
  writeFileSync(
    wrong,
    "this is no database, whatever its name says; it is long enough to have a header".repeat(20),
  );
  const { message } = assertThrows(() => History.open(wrong), UsageError);
  assertStringIncludes(message, wrong);
  History.open(path)[Symbol.dispose]();
  using database = new Database(path);
  database.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  assertThrows(() => History.open(path), UsageError, "use a newer tickproof");
});

test("History takes what several processes write at the same time", async () => {
  const [runs, attempts] = [4, 25];
  const program = `
    import { addRun, runOn } from ${JSON.stringify(resolve(import.meta.dir, "_fixtures.ts"))};
    import { History } from ${JSON.stringify(resolve(import.meta.dir, "store.ts"))};
    using history = History.open(${JSON.stringify(path)});
    addRun(history, runOn(1), Array.from({ length: ${attempts} }, () => ({})));
    history.prune(1000);`;
  const children = Array.from({ length: runs }, () =>
    Bun.spawn([process.execPath, "-e", program], { stdin: "ignore", stdout: "ignore", stderr: "pipe" }),
  );
  const ends = await Promise.all(
    children.map(async (child) => [await child.exited, await child.stderr.text()]),
  );
  assertEquals(
    ends,
    Array.from({ length: runs }, () => [0, ""]),
  );
  using history = History.open(path);
  assertEquals(
    history.runs().map((run) => run.attempts),
    Array.from({ length: runs }, () => attempts),
  );
});

test("History.open() brings a database of version 1 up to date, and keeps what it has", () => {
  {
    using history = History.open(path);
    addRun(history, runOn(1), [{}]);
  }
  {
    using database = new Database(path);
    database.run("ALTER TABLE attempt DROP COLUMN detail");
    database.run("DROP TABLE baseline");
    database.run("PRAGMA user_version = 1");
  }
  using history = History.open(path);
  const detail = { kernelLog: ["perf: interrupt took too long"], missing: ["hle"], trace: "/traces/run-1" };
  addRun(history, runOn(2), [{ detail }]);
  assertEquals(
    history.attempts().map((one) => one.detail),
    [null, detail],
  );
});
