/** Disks that are full or broken, at single calls of a recorder and of a replayer. `run.ts` does all of them. */
import { afterAll, beforeAll, test } from "bun:test";
import { assertEquals, assertGreater } from "@std/assert";
import { Scratch, TEST_TIMEOUT } from "../_tickproof.ts";
import { Faulty, type Injection } from "./inject.ts";

const scratch = new Scratch();
let faulty: Faulty;

beforeAll(async () => {
  faulty = await Faulty.prepare(scratch.file("faulty"));
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** Each so many-th call, such that other runs of the tests take others. */
async function prove(
  side: Injection["side"],
  step: number,
  injection: Omit<Injection, "side" | "at">,
): Promise<void> {
  assertGreater(faulty.calls[side], 2 * step);
  const begin = 1 + Math.floor(Math.random() * step);
  for (let at = begin; at <= faulty.calls[side]; at += step) {
    const { call, exit, stderr, faults } = await faulty.suffer({ side, at, ...injection });
    assertEquals(faults, [], `${injection.error} at call ${at} (${call}): ${exit} ${stderr}`);
  }
}

test(
  "a disk that becomes full while a recorder writes ends it with one error, or is no harm",
  () => prove("writes", 6, { error: "ENOSPC", onwards: true }),
  TEST_TIMEOUT,
);

test(
  "a single write that fails ends a recorder with one error, or is no harm",
  () => prove("writes", 6, { error: "EIO", onwards: false }),
  TEST_TIMEOUT,
);

test(
  "a single read that fails ends a replayer with one error",
  () => prove("reads", 8, { error: "EIO", onwards: false }),
  TEST_TIMEOUT,
);
