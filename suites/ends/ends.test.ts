/** Whatever ends a recording or a replay, at whatever moment, leaves nothing behind. `npm run ends` does it at full size. */
import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { hostTest, Scratch } from "../_tickproof.ts";
import { allBlows, disturb } from "./disturb.ts";
import { recordOnFullDisk } from "./full-disk.ts";

/** Each disturbed run is some seconds on a busy machine. */
const TEST_TIMEOUT = 400_000;

/** Disturbs runs and asserts that nothing was wrong with any. */
async function proveClean(count: number, seed: number, pattern: string): Promise<void> {
  using scratch = new Scratch();
  let done = 0;
  for await (const { blow, aftermath } of disturb(scratch.path, { count, seed, kinds: allBlows(pattern) })) {
    done++;
    assertEquals(aftermath.faults, [], `${JSON.stringify(blow)}\n${aftermath.stderr}`);
  }
  assertEquals(done, count);
}

test(
  "Ctrl-C and SIGTERM at any moment end a recording or a replay, and leave nothing",
  () => proveClean(40, 1, "SIGINT|SIGTERM"),
  TEST_TIMEOUT,
);

test(
  "kill -9 of recorder, replayer or program at any moment leaves nothing, and no trace that only looks whole",
  () => proveClean(16, 2, "SIGKILL"),
  TEST_TIMEOUT,
);

hostTest(
  "a recording whose disk is full ends with one error, and its trace replays up to there",
  ["bash", "head", "cksum"],
  () => {
    using scratch = new Scratch();
    assertEquals(recordOnFullDisk(scratch.path, 1_000_000), { whole: true, faults: [] });
    for (const kibibytes of [1, 60, 4000, 15_000]) {
      assertEquals(
        recordOnFullDisk(scratch.path, kibibytes),
        { whole: false, faults: [] },
        `${kibibytes} KiB`,
      );
    }
  },
);

test(
  "a recorder, a replayer or a program that is stopped for a while goes on as if nothing had been",
  () => proveClean(12, 3, "SIGSTOP"),
  TEST_TIMEOUT,
);
