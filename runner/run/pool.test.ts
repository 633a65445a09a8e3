import { test } from "bun:test";
import { assertEquals, assertRejects } from "@std/assert";
import { type PoolTask, runPool } from "./pool.ts";

/** Tasks that take a few turns of the event loop, and what was seen of them. */
class Watched {
  readonly order: string[] = [];
  most = 0;
  #now = 0;
  readonly #names = new Set<string>();
  clashes = 0;

  task(name: string, more: Omit<PoolTask, "run"> = {}, turns = 3): PoolTask {
    const { weight = 1, exclusive = [] } = more;
    return {
      ...more,
      run: async () => {
        this.order.push(name);
        this.#now += weight;
        this.most = Math.max(this.most, this.#now);
        for (const held of exclusive) {
          if (this.#names.has(held)) this.clashes++;
          this.#names.add(held);
        }
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        for (const held of exclusive) this.#names.delete(held);
        this.#now -= weight;
      },
    };
  }
}

const never = new AbortController().signal;

test("runPool() runs all, in order, no more at a time than there is room", async () => {
  const watched = new Watched();
  await runPool(
    ["a", "b", "c", "d"].map((name) => watched.task(name)),
    2,
    never,
  );
  assertEquals([watched.order, watched.most], [["a", "b", "c", "d"], 2]);
});

test("runPool() weighs tasks, and lets small ones pass those that wait for room", async () => {
  const watched = new Watched();
  const tasks = [
    watched.task("a"),
    watched.task("heavy", { weight: 3 }),
    watched.task("b"),
    watched.task("c"),
  ];
  await runPool(tasks, 3, never);
  assertEquals([watched.order, watched.most], [["a", "b", "c", "heavy"], 3]);
  await runPool([watched.task("too heavy", { weight: 99 })], 2, never);
  assertEquals(watched.order.at(-1), "too heavy");
});

test("runPool() never gives one thing to two tasks", async () => {
  const watched = new Watched();
  const tasks = ["a", "b", "c"].map((name) => watched.task(name, { exclusive: ["port 80"] }));
  await runPool([...tasks, watched.task("d")], 4, never);
  assertEquals([watched.clashes, watched.order], [0, ["a", "d", "b", "c"]]);
});

test("runPool() begins nothing more once aborted, and passes failures on", async () => {
  const watched = new Watched();
  const abort = new AbortController();
  const stop: PoolTask = { run: () => Promise.resolve(abort.abort()) };
  await runPool([stop, watched.task("never")], 1, abort.signal);
  assertEquals(watched.order, []);
  const fail: PoolTask = { run: () => Promise.reject(new RangeError("no")) };
  await assertRejects(() => runPool([fail, watched.task("never")], 1, never), RangeError, "no");
  assertEquals(watched.order, []);
});
