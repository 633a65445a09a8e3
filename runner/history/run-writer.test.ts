import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { assertEquals, assertMatch } from "@std/assert";
import type { Attempt } from "../results/mod.ts";
import { shellTest } from "../run/_fixtures.ts";
import { runOn } from "./_fixtures.ts";
import { testStores } from "./_stores.ts";
import { connect } from "./connection.ts";
import { importHistory } from "./exchange.ts";
import { besideHistory, type StorePlace } from "./place.ts";
import { RunWriter } from "./run-writer.ts";
import { History } from "./store.ts";

type Event = Parameters<RunWriter["report"]>[0];

/** The events of a run with some attempts at one test. */
function events(count: number): Event[] {
  const attempts = Array.from({ length: count }, (_, at): Attempt => {
    return { number: at + 1, engine: "embedded", verdict: { kind: "pass" }, milliseconds: {} };
  });
  const test = shellTest("true");
  return [
    { kind: "run-started", tests: [test], repeat: count, jobs: 1 },
    ...attempts.map((attempt) => ({ kind: "attempt-finished", test, attempt }) as Event),
    { kind: "run-finished", summary: { interrupted: false } } as Event,
  ];
}

/** The files of what was not stored. */
function leftover(place: StorePlace): string[] {
  const folder = dirname(besideHistory(place, "x"));
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("not-stored-")) : [];
}

/** Writes a run, and keeps its warnings. */
function writerOf(
  history: History | undefined,
  place: StorePlace,
): { writer: RunWriter; warnings: string[] } {
  const warnings: string[] = [];
  const warn = (words: string): void => {
    warnings.push(words);
  };
  return { writer: new RunWriter({ history, place, keep: 5, warn, info: runOn(1) }), warnings };
}

const [sqlite, postgres] = testStores();

for (const store of [sqlite, postgres]) {
  store?.test(`${store.name}: RunWriter puts a run into the history, in its order`, async () => {
    const place = await store.place();
    await using history = await History.open(place);
    const { writer, warnings } = writerOf(history, place);
    for (const event of events(3)) writer.report(event);
    await writer.settle();
    const [run] = await history.runs();
    assertEquals(
      [run?.id, run?.attempts, run?.planned, run?.finished, warnings],
      [writer.id, 3, 3, true, []],
    );
    const expected = (await history.attempts()).map(({ run: _, ...attempt }) => attempt);
    assertEquals(writer.attempts, expected);
  });
}

sqlite?.test("RunWriter leaves what a store does not take in a file that can be imported", async () => {
  const place = await sqlite.place();
  await using history = await History.open(place);
  const { writer, warnings } = writerOf(history, place);
  const [start, first, second, third, end] = events(3) as [Event, Event, Event, Event, Event];
  for (const event of [start, first]) writer.report(event);
  await writer.settle();
  const { sql } = await connect(place);
  await sql`ALTER TABLE attempt RENAME TO moved`;
  for (const event of [second, third, end]) writer.report(event);
  await writer.settle();
  assertEquals(warnings.length, 2, warnings.join("\n"));
  assertMatch(warnings[0] ?? "", /can't be used \(no such table.*; the rest of this run is not added$/);
  const [file] = leftover(place);
  assertMatch(
    warnings[1] ?? "",
    /^2 attempts of this run are not in the history but in .*: 'tickproof history import /,
  );
  await sql`ALTER TABLE moved RENAME TO attempt`;
  await sql.close();
  const lines = readFileSync(besideHistory(place, file ?? ""), "utf8");
  const copied = await importHistory(history, Readable.from([lines]), "lines");
  assertEquals(copied, { runs: 0, attempts: 2, baselines: 0 });
  const [run] = await history.runs();
  assertEquals([run?.attempts, run?.finished], [3, true]);
  assertEquals(
    (await history.attempts()).map(({ number }) => number),
    [1, 2, 3],
  );
});

sqlite?.test("RunWriter keeps a whole run in a file where no store could be opened", async () => {
  const place = await sqlite.place();
  const { writer, warnings } = writerOf(undefined, place);
  for (const event of events(2)) writer.report(event);
  await writer.settle();
  assertEquals(warnings.length, 1);
  await using history = await History.open(place);
  const lines = readFileSync(besideHistory(place, leftover(place)[0] ?? ""), "utf8");
  assertEquals(await importHistory(history, Readable.from([lines]), "lines"), {
    runs: 1,
    attempts: 2,
    baselines: 0,
  });
  assertEquals((await history.runs())[0]?.finished, true);
});
