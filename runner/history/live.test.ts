import { assert, assertEquals } from "@std/assert";
import { addRun, attempt, runOn } from "./_fixtures.ts";
import { testStores } from "./_stores.ts";
import type { StorePlace } from "./place.ts";
import { History } from "./store.ts";

for (const store of testStores()) {
  const both = (name: string, body: (place: StorePlace) => Promise<void>) =>
    store.test(`${store.name}: ${name}`, async () => body(await store.place()));

  both(
    "LiveHistory has the tests that fail now, each place for itself, with the newest reason",
    async (place) => {
      await using history = await History.open(place);
      const odd = "NUL \0 and a mark \uFDD0";
      await addRun(history, runOn(1), [{ test: "a/mended", verdict: "fail" }, { test: "b/bad" }]);
      const second = await addRun(history, runOn(2), [
        { test: "a/mended" },
        { test: "b/bad", verdict: "timeout", reason: "the first" },
        { test: "b/bad", verdict: "fail", reason: odd },
        { test: "b/bad" },
        { test: "b/bad", describedHost: "haswell" },
        { test: "c/skipped", verdict: "skip" },
      ]);
      await addRun(history, runOn(3, { host: "other" }), [
        { test: "b/bad" },
        { test: "d/bad", verdict: "xpass" },
      ]);
      const { cells, count } = await history.live.failing(10);
      assertEquals(count, 2);
      assertEquals(
        cells.map(({ test, host, verdict, reason, attempts, failed, last }) => [
          ...[test, host, verdict, reason],
          ...[attempts, failed, last.run],
        ]),
        [
          ["d/bad", "other", "xpass", "", 1, 1, 3],
          ["b/bad", "box", "fail", odd, 4, 2, second],
        ],
      );
      assertEquals((await history.live.failing(1)).cells.length, 1);
      await addRun(history, runOn(4, { kernel: "6.2" }), [{ test: "b/bad" }]);
      const left = await history.live.failing(10);
      assertEquals(
        [left.count, left.cells.map(({ test }) => test)],
        [1, ["d/bad"]],
        "the machine has another kernel, and the test passes there",
      );
      assertEquals(
        (await history.live.flaky("2026-11")).map(({ test, failed, attempts, lastBad }) => [
          ...[test, failed, attempts, lastBad?.run],
        ]),
        [
          ["a/mended", 1, 2, 1],
          ["b/bad", 2, 4, second],
        ],
      );
      assertEquals(await history.live.flaky("2026-12"), []);
      assertEquals(await history.live.tests(), ["a/mended", "b/bad", "c/skipped", "d/bad"]);
      assertEquals(
        (await history.live.places())
          .map(({ host, describedHost, last }) => [host, describedHost, last.run])
          .sort(),
        [
          ["box", "", 2],
          ["box", "", 4],
          ["box", "haswell", 2],
          ["other", "", 3],
        ],
      );
    },
  );

  both("LiveHistory has some attempts of a run, and the newest of a test", async (place) => {
    await using history = await History.open(place);
    for (const day of [2, 1])
      await addRun(history, runOn(day), [
        { test: "a/One" },
        { test: "b/two", verdict: "fail" },
        { test: "a/%" },
      ]);
    const tests = async (more: { bad?: boolean; word?: string; after?: number; limit?: number }) =>
      (await history.live.attemptsOfRun({ run: 1, bad: false, word: "", after: 0, limit: 10, ...more })).map(
        ({ test, seq }) => `${seq} ${test}`,
      );
    assertEquals(await tests({}), ["1 a/One", "2 b/two", "3 a/%"]);
    assertEquals(await tests({ after: 1, limit: 1 }), ["2 b/two"]);
    assertEquals(await tests({ bad: true }), ["2 b/two"]);
    assertEquals(await tests({ word: "ONE" }), ["1 a/One"]);
    assertEquals(await tests({ word: "%" }), ["3 a/%"]);
    const newest = async (limit: number) =>
      (await history.live.newestAttempts("b/two", limit)).map(({ startedAt }) => startedAt.slice(8, 10));
    assertEquals([await newest(5), await newest(1)], [["01", "02"], ["02"]]);
  });

  both(
    "LiveHistory tells runs that go on from those that have ended, were left, or are not heard of",
    async (place) => {
      await using history = await History.open(place);
      const [going, done, left] = [
        await history.addRun(runOn(3)),
        await history.addRun(runOn(2)),
        await history.addRun(runOn(1)),
      ];
      const lost = await history.addRun(runOn(4));
      for (const id of [going, done, left]) await history.beat(id, 7);
      await history.beat(going);
      await history.finishRun(done);
      await history.leaveRun(left);
      const { open, newest } = await history.live.runs(10, 10);
      assertEquals(
        open.map(({ id, planned }) => [id, planned]),
        [[going, 7]],
      );
      assertEquals(
        newest.map(({ id, finished, seenAt }) => [id, finished, seenAt !== ""]),
        [
          [lost, false, false],
          [going, false, true],
          [done, true, true],
          [left, false, false],
        ],
      );
      assertEquals([(await history.live.run(going))?.id, await history.live.run(99)], [going, undefined]);
    },
  );

  both("LiveHistory.watch() hears of what another one writes, and of nothing afterwards", async (place) => {
    await using history = await History.open(place);
    await using other = await History.open(place);
    const faults: unknown[] = [];
    let heard = Promise.withResolvers<void>();
    let count = 0;
    const watch = await history.live.watch(
      () => {
        count++;
        heard.resolve();
      },
      (fault) => faults.push(fault),
    );
    const change = async (work: () => Promise<unknown>) => {
      heard = Promise.withResolvers();
      await work();
      await heard.promise;
    };
    const id = await other.addRun(runOn(1));
    await heard.promise;
    await change(() => other.addAttempt(id, attempt()));
    await change(() => other.finishRun(id));
    await change(() => other.prune(0));
    assert(count >= 4, String(count));
    await watch[Symbol.asyncDispose]();
    const before = count;
    await other.addRun(runOn(2));
    await history.runs();
    assertEquals([count, faults], [before, []]);
  });
}
