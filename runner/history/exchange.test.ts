import { Readable } from "node:stream";
import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { addRun, attempt, runOn } from "./_fixtures.ts";
import { testStores } from "./_stores.ts";
import { exportHistory, importHistory } from "./exchange.ts";
import type { StorePlace } from "./place.ts";
import { History } from "./store.ts";

async function exported(history: History): Promise<string> {
  let all = "";
  await exportHistory(history, (text) => {
    all += text;
  });
  return all;
}

const added = (history: History, lines: string) => importHistory(history, Readable.from([lines]), "lines");

const stores = testStores();
for (const from of stores) {
  for (const to of stores) {
    const both = (name: string, body: (a: StorePlace, b: StorePlace) => Promise<void>) =>
      (from.name === "SQLite" ? to : from).test(`${from.name} to ${to.name}: ${name}`, async () =>
        body(await from.place(), await to.place()),
      );

    both("what is exported and imported is the same, however often", async (a, b) => {
      await using source = await History.open(a);
      const id = await addRun(source, runOn(2), [
        { reason: "NUL \0 and \uFDD0", detail: { output: "\0" }, ticks: 2 ** 50 },
        { verdict: "fail", nativeMs: 0.1 + 0.2, signals: null },
      ]);
      await source.addRun(runOn(1, { host: "other" }));
      const baseline = {
        test: "core/alarm",
        engine: "embedded",
        describedHost: "",
        ticks: 0.5,
        overhead: null,
      };
      await source.setBaselines("box", [{ ...baseline, run: id, setAt: "2026-11-02T13:00:00.000Z" }]);
      const lines = await exported(source);

      await using target = await History.open(b);
      assertEquals(await added(target, lines), { runs: 2, attempts: 2, baselines: 1 });
      assertEquals(await exported(target), lines);
      assertEquals(await added(target, lines), { runs: 0, attempts: 0, baselines: 0 });
      assertEquals(await exported(target), lines);
      assertEquals(await target.totals(), await source.totals());
      const counts = async (history: History) => (await history.runs()).map(({ id: _, ...run }) => run);
      assertEquals(await counts(target), await counts(source));
      // A run that goes on gives what is new of it.
      await source.addAttempt(id, attempt({ number: 3 }));
      assertEquals(await added(target, await exported(source)), { runs: 0, attempts: 1, baselines: 0 });
    });
  }
}

stores[0]?.test("importHistory() says which line is wrong, and why", async () => {
  await using history = await History.open(await (stores[0] as (typeof stores)[number]).place());
  const run = JSON.stringify({ run: { uid: "1", ...runOn(1), finished: true } });
  const wrong: [lines: string, message: string][] = [
    ["", "lines is empty"],
    ["{}", "lines:1: it is no line of a history (it has none of history, run, attempt, baseline)"],
    ['{"history":2}', "lines:1: it is no line of a history"],
    [run, 'lines:1: the first line must be {"history":1}'],
    [`{"history":1}\n${run}\n{"attempt`, "lines:3: it is no JSON (a file that was cut ends so)"],
    [
      `{"history":1}\n${run.replace("2026-11", "soon")}`,
      "lines:2: it is no line of a history (run.startedAt: must be a time",
    ],
    [
      `{"history":1}\n${JSON.stringify({ attempt: { run: "2", seq: 1, ...attempt() } })}`,
      "lines:2: no line before it tells of the run '2'",
    ],
  ];
  for (const [lines, message] of wrong) await assertRejects(() => added(history, lines), UsageError, message);
  assertEquals(await history.attempts(), []);
});
