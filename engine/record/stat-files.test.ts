import { test } from "bun:test";
import { readdirSync } from "node:fs";
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { StatFiles } from "./stat-files.ts";

/** How many files this process has open. */
function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

test("isAwake() tells a task that sleeps from one that works, and one that is gone", async () => {
  using states = new StatFiles();
  await using sleeper = Bun.spawn(["sleep", "1000"]);
  await using worker = Bun.spawn(["sh", "-c", "while :; do :; done"]);
  while (!states.isAwake(worker.pid)) await Bun.sleep(1);
  while (states.isAwake(sleeper.pid)) await Bun.sleep(1);
  worker.kill("SIGKILL");
  await worker.exited;
  assertEquals(states.isAwake(worker.pid), false);
  sleeper.kill("SIGKILL");
});

test("however many tasks are asked about, the files that stay open are bounded, and closed at the end", async () => {
  const sleepers = Array.from({ length: 150 }, () =>
    Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] }),
  );
  const spawned = openFiles();
  {
    using states = new StatFiles();
    for (const { pid } of sleepers) states.isAwake(pid);
    assertGreater(openFiles(), spawned);
    assertLessOrEqual(openFiles() - spawned, 128);
  }
  assertEquals(openFiles(), spawned);
  for (const each of sleepers) each.kill("SIGKILL");
  await Promise.all(sleepers.map(({ exited }) => exited));
});
