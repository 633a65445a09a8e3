import { test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { addRun, attempt, runOn } from "./_fixtures.ts";
import { testStores } from "./_stores.ts";
import { connect } from "./connection.ts";
import type { StorePlace } from "./place.ts";
import {
  attemptsQuery,
  baselinesQuery,
  edgesQuery,
  newestOfTestQuery,
  oldQuery,
  runPartQuery,
  runsQuery,
  sizesQuery,
  totalsQuery,
} from "./questions.ts";
import type { RunInfo } from "./rows.ts";
import { migrate, SCHEMA_VERSION } from "./schema.ts";
import { History } from "./store.ts";
import {
  cellsQuery,
  failingCountQuery,
  failingQuery,
  flakyQuery,
  openRunsQuery,
  placesQuery,
  runQuery,
  testsQuery,
} from "./views.ts";

function runHeader(day: number): Pick<RunInfo, "startedAt" | "host" | "cpu" | "kernel"> {
  const { startedAt, host, cpu, kernel } = runOn(day);
  return { startedAt, host, cpu, kernel };
}

/** Says something to a store without the history between. */
async function sayTo(place: StorePlace, ...statements: string[]): Promise<void> {
  const { sql } = await connect(place);
  for (const statement of statements) await sql.unsafe(statement);
  await sql.close();
}

/** Two runs with three attempts at a test, as the first version wrote them. */
function oldAttempts(name: string): string {
  const run = "'box', 'a cpu', '6.1', '0', '1'";
  const id = (day: number) => `(SELECT max(id) FROM run WHERE started_at = '2026-10-0${day}T12:00:00.000Z')`;
  const made = (day: number, verdict: string) =>
    `(${id(day)}, '${name}', 1, 'embedded', '', '${verdict}', 'why', 7, 8, 9, 10, 100, 200, 300)`;
  return `INSERT INTO run (started_at, host, cpu, kernel, version, bun, finished) VALUES
      ('2026-10-01T12:00:00.000Z', ${run}, 1), ('2026-10-02T12:00:00.000Z', ${run}, 0);
    INSERT INTO attempt (run, test, number, engine, described_host, verdict, reason,
      ticks, events, signals, switches, native_ms, record_ms, replay_ms)
    VALUES ${made(1, "fail")}, ${made(1, "skip")}, ${made(2, "pass")}`;
}

for (const store of testStores()) {
  const both = (name: string, body: (place: StorePlace) => Promise<void>) =>
    store.test(`${store.name}: ${name}`, async () => body(await store.place()));

  both("History keeps attempts from one opening to the next, whatever is in them", async (place) => {
    const odd = { reason: "NUL \0, a mark \uFDD0m \uFDD00, ü €", ticks: 2 ** 40, nativeMs: 0.25 };
    const detail = { output: "\0\u0001", missing: ["hle"], trace: "/traces/run-1" };
    {
      await using history = await History.open(place);
      await addRun(history, runOn(1), [{}, { verdict: "fail", ...odd, detail, signals: null }]);
    }
    await using history = await History.open(place);
    const [first, second] = await history.attempts();
    assertEquals(first, { run: 1, ...attempt(), ...runHeader(1) });
    const [, figures] = await history.attempts({ figures: true });
    const expected = {
      ...attempt({ number: 2, verdict: "fail", ...odd, detail, signals: null }),
      ...runHeader(1),
    };
    assertEquals(second, { run: 1, ...expected });
    assertEquals(figures, { run: 1, ...expected, reason: "", detail: null });
  });

  both("History.runs() counts attempts, the newest run first", async (place) => {
    await using history = await History.open(place);
    await addRun(history, runOn(1), [{}, { verdict: "fail" }, { verdict: "skip" }]);
    await history.addRun(runOn(2));
    const runs = await history.runs();
    assertEquals(
      runs.map(({ id, finished, attempts, passed, skipped }) => [id, finished, attempts, passed, skipped]),
      [
        [2, false, 0, 0, 0],
        [1, true, 3, 1, 1],
      ],
    );
    assertEquals((await history.runs(1)).length, 1);
  });

  both("History.attempts() chooses by test, run, host and time, and the newest whole runs", async (place) => {
    await using history = await History.open(place);
    await addRun(history, runOn(1), [{}, { test: "core/hle" }]);
    await addRun(history, runOn(2, { host: "other" }), [{}]);
    const runsOf = async (filter: Parameters<History["attempts"]>[0]) =>
      (await history.attempts(filter)).map(({ run }) => run);
    assertEquals(await runsOf({ test: "core/hle" }), [1]);
    assertEquals(await runsOf({ run: 1 }), [1, 1]);
    assertEquals(await runsOf({ host: "other" }), [2]);
    assertEquals(await runsOf({ since: "2026-11-02" }), [2]);
    assertEquals(await runsOf({ most: 3 }), [1, 1, 2]);
    assertEquals(await runsOf({ most: 2 }), [2]);
    assertEquals(await runsOf({ most: 0 }), [2]);
    assertEquals(await runsOf({ most: 1, host: "box" }), [1, 1]);
  });

  both("History.totals() agrees with the attempts, whatever is chosen, added and removed", async (place) => {
    await using history = await History.open(place);
    const days = [
      runOn(1, { startedAt: "2025-12-31T23:59:59.999Z" }),
      runOn(1, { startedAt: "2026-09-30T23:59:59.999Z" }),
      runOn(3),
      runOn(20, { host: "other" }),
      runOn(21),
    ];
    for (const [index, info] of days.entries()) {
      await addRun(history, info, [
        {},
        { verdict: index === 1 || index === 3 ? "fail" : "pass" },
        { verdict: "skip" },
        { test: "core/hle", describedHost: index > 2 ? "haswell" : "", verdict: "broken" },
        { test: "core/late", verdict: index === 4 ? "timeout" : "pass" },
      ]);
    }
    const times = [
      ...[undefined, "2025-12-31T23:59:59.999Z", "2026-01-01", "2026-09-01", "2026-10-31T12:00:00.000Z"],
      ...["2026-11-03", "2026-11-03T00:00:00.000Z", "2026-11-03T12:00:00.000Z", "2026-11-03T12:00:00.001Z"],
      ...["2026-11-30", "2026-12-31T00:00:00.001Z", "2027-01-01"],
    ];
    const filters = [{}, { test: "core/alarm" }, { host: "box" }, { host: "nobody" }].flatMap((filter) =>
      times.map((since) => ({ ...filter, ...(since && { since }) })),
    );
    const agree = async () => {
      for (const filter of filters) {
        const all = await history.attempts(filter);
        const bad = (verdict: string) => ["fail", "timeout"].includes(verdict);
        const silent = (verdict: string) => ["skip", "broken"].includes(verdict);
        const byTest = [...Map.groupBy(all, (one) => one.test)].toSorted(([a], [b]) => (a < b ? -1 : 1));
        const said = JSON.stringify(filter);
        assertEquals(
          await history.totals(filter),
          byTest.map(([name, of]) => ({
            test: name,
            attempts: of.filter(({ verdict }) => !silent(verdict)).length,
            failed: of.filter(({ verdict }) => bad(verdict)).length,
            silent: of.filter(({ verdict }) => silent(verdict)).length,
          })),
          said,
        );
        const runs = async (which: "last" | "first failure") =>
          new Map((await history.edges(which, filter)).map((one) => [one.test, one.run]));
        assertEquals(
          await runs("last"),
          new Map(byTest.map(([name, of]) => [name, of.at(-1)?.run ?? 0])),
          said,
        );
        const failing = byTest.flatMap(([name, of]) => {
          const first = of.find(({ verdict }) => bad(verdict));
          return first ? [[name, first.run] as const] : [];
        });
        assertEquals(await runs("first failure"), new Map(failing), said);
      }
    };
    await agree();
    assertEquals(await history.prune(4), 1);
    await agree();
    assertEquals(await history.prune(3), 1);
    await agree();
    assertEquals(await history.prune("2026-11-20T12:00:00.000Z"), 1);
    await agree();
    assertEquals(await history.prune(0), 2);
    assertEquals([await history.totals(), await history.runs(), await history.attempts()], [[], [], []]);
  });

  both("History.prune() finds the next failure of a test when the first one goes", async (place) => {
    await using history = await History.open(place);
    for (const day of [1, 2, 3])
      await addRun(history, runOn(day), [{}, { verdict: day === 2 ? "pass" : "fail" }]);
    assertEquals(await history.prune(2), 1);
    assertEquals(
      (await history.attempts()).map(({ run }) => run),
      [2, 2, 3, 3],
    );
    assertEquals(
      (await history.edges("first failure")).map(({ run }) => run),
      [3, 3],
    );
  });

  both("History takes what several processes write, remove and migrate at the same time", async (place) => {
    const [runs, attempts] = [4, 25];
    const old = await connect(place);
    await migrate(old, 1);
    for (const name of ["t/0", "t/1", "t/2"]) await old.sql.unsafe(oldAttempts(name));
    await old.sql.close();
    const program = `
      import { addRun, runOn } from ${JSON.stringify(resolve(import.meta.dir, "_fixtures.ts"))};
      import { History } from ${JSON.stringify(resolve(import.meta.dir, "store.ts"))};
      await using history = await History.open(${JSON.stringify(place)});
      await addRun(history, runOn(2), Array.from({ length: ${attempts} }, (_, at) => ({ test: "t/" + at % 5 })));
      await history.prune("2026-11-02");`;
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
    await using history = await History.open(place);
    assertEquals(
      (await history.runs()).map((run) => run.attempts),
      Array.from({ length: runs }, () => attempts),
    );
    assertEquals((await history.attempts()).length, runs * attempts);
    const sum = (await history.totals()).reduce((all, one) => all + one.attempts, 0);
    assertEquals(sum, runs * attempts);
  });

  for (let version = 1; version < SCHEMA_VERSION; version++) {
    both(`History.open() brings version ${version} up to date, and keeps what it has`, async (place) => {
      const connection = await connect(place);
      // Later versions count attempts when they add them: what they had before they have counted.
      await migrate(connection, Math.min(version, 3));
      await connection.sql.unsafe(oldAttempts("core/alarm"));
      await migrate(connection, version);
      if (version >= 2)
        await connection.sql.unsafe(`UPDATE attempt SET detail = '{"output":"said"}' WHERE run = 2`);
      if (version >= 3)
        await connection.sql.unsafe(
          "INSERT INTO baseline VALUES ('box', 'core/alarm', 'embedded', '', 1, 'then', 5, 1.5)",
        );
      await connection.sql.close();
      await using history = await History.open(place);
      await addRun(history, runOn(3), [{ detail: { missing: ["hle"] } }]);
      const kept = await history.attempts();
      assertEquals(
        kept.map(({ run, verdict, ticks }) => [run, verdict, ticks]),
        [
          [1, "fail", 7],
          [1, "skip", 7],
          [2, "pass", 7],
          [3, "pass", 1000],
        ],
      );
      assertEquals(
        kept.map(({ detail }) => detail),
        [null, null, version >= 2 ? { output: "said" } : null, { missing: ["hle"] }],
      );
      assertEquals(
        (await history.kept(1)).map(({ seq }) => seq),
        [1, 2],
      );
      const runs = await history.runs();
      assertEquals(
        runs.map(({ finished, attempts, passed, skipped }) => [finished, attempts, passed, skipped]),
        [
          [true, 1, 1, 0],
          [false, 1, 1, 0],
          [true, 2, 0, 1],
        ],
      );
      assertEquals(new Set(runs.map(({ uid }) => uid.length)), new Set([32]));
      assertEquals(await history.totals(), [{ test: "core/alarm", attempts: 3, failed: 1, silent: 1 }]);
      assertEquals(await history.totals({ since: "2026-10-02" }), [
        { test: "core/alarm", attempts: 2, failed: 0, silent: 0 },
      ]);
      assertEquals(
        (await history.edges("first failure")).map(({ verdict }) => verdict),
        ["fail", "skip"],
      );
      const counts = await history.live.cells(["core/alarm"], "2026-10-02");
      assertEquals(
        counts.map(({ period, attempts, failed, silent, firstBad, lastBad, last }) => [
          ...[period, attempts, failed, silent],
          ...[firstBad?.run, lastBad?.run, last.run],
        ]),
        [
          ["", 3, 1, 1, 1, 1, 3],
          ["d2026-10-02", 1, 0, 0, undefined, undefined, 2],
          ["d2026-11-03", 1, 0, 0, undefined, undefined, 3],
        ],
      );
      assertEquals(
        (await history.baselines("box")).map(({ ticks }) => ticks),
        version >= 3 ? [5] : [],
      );
    });
  }

  both("History.open() refuses a newer version", async (place) => {
    await (await History.open(place))[Symbol.asyncDispose]();
    const newer = SCHEMA_VERSION + 1;
    await sayTo(
      place,
      place.kind === "sqlite"
        ? `PRAGMA user_version = ${newer}`
        : `UPDATE tickproof.version SET version = ${newer}`,
    );
    await assertRejects(() => History.open(place), UsageError, `has version ${newer}`);
  });

  both("what is asked is answered by indexes, whatever is chosen", async (place) => {
    await using history = await History.open(place);
    await addRun(history, runOn(1), [{}, { verdict: "fail" }]);
    const connection = await connect(place);
    const { kind, sql } = connection;
    try {
      // The plans are of one connection: PostgreSQL reads tables of a few rows whole, if it may.
      const one = { kind, sql: await (kind === "sqlite" ? sql : sql.reserve()) };
      if (kind === "postgres") await one.sql`SET enable_seqscan = off`;
      const since = "2026-11-01T00:00:00.000Z";
      const questions = {
        runs: runsQuery(one, 10),
        sizes: sizesQuery(one, { since }),
        old: oldQuery(one, since),
        ofRun: attemptsQuery(one, { run: 1 }),
        ofTest: attemptsQuery(one, { test: "core/alarm" }),
        newest: attemptsQuery(one, { since }),
        last: edgesQuery(one, "last", {}),
        firstFailureOfOne: edgesQuery(one, "first failure", { test: "core/alarm", host: "box" }),
        lastSince: edgesQuery(one, "last", { since }),
        totals: totalsQuery(one, { test: "core/alarm" }),
        totalsSince: totalsQuery(one, { since, host: "box" }),
        baselines: baselinesQuery(one, "box"),
        open: openRunsQuery(one, since, 10),
        run: runQuery(one, 1),
        ofRunInParts: runPartQuery(one, { run: 1, bad: true, word: "alarm", after: 0, limit: 10 }),
        newestOfTest: newestOfTestQuery(one, "core/alarm", 10),
        tests: testsQuery(one),
        places: placesQuery(one),
        cells: cellsQuery(one, ["core/alarm", "core/hle"], "2026-11-01"),
        failing: failingQuery(one, 10),
        failingCount: failingCountQuery(one),
        flaky: flakyQuery(one, "2026-11"),
      };
      for (const [question, query] of Object.entries(questions)) {
        const lines =
          kind === "sqlite"
            ? (await one.sql<{ detail: string }[]>`EXPLAIN QUERY PLAN ${query}`).map(({ detail }) => detail)
            : (await one.sql<Record<string, string>[]>`EXPLAIN ${query}`).map(
                (row) => row["QUERY PLAN"] ?? "",
              );
        const plan = lines.join("\n");
        assertMatch(plan, /INDEX|Index|PRIMARY KEY/, question);
        const whole = lines.filter((line) =>
          /Seq Scan on (run|attempt|tally)\b|^SCAN (run|attempt|tally|one)(?! USING)/.test(line),
        );
        assertEquals(whole, [], `${question}:\n${plan}`);
      }
    } finally {
      await sql.close({ timeout: 0 });
    }
  });
}

test("History.open() says what can't be used, where, and what to do, and never a password", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-history-"));
  try {
    const wrong = join(folder, "wrong");
    writeFileSync(
      wrong,
      "this is no database, whatever its name says; it is long enough to have a header".repeat(20),
    );
    const file = await assertRejects(() => History.open({ kind: "sqlite", path: wrong }), UsageError);
    assertStringIncludes(file.message, `${wrong} can't be used (file is not a database): mend or remove it`);
    const url = "postgres://someone:secret@127.0.0.1:1/team";
    const server = await assertRejects(() => History.open({ kind: "postgres", url }), UsageError);
    assertStringIncludes(server.message, "the history postgres://someone@127.0.0.1:1/team can't be used");
    assert(!server.message.includes("secret"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
