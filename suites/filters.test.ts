/** Filters of system calls: the engine checks and runs them as the kernel does. */
import { afterAll, test } from "bun:test";
import { assertEquals } from "@std/assert";
import { Scratch, TEST_TIMEOUT } from "./_tickproof.ts";
import { differencesOf, helperIn } from "./filters/_helper.ts";

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

test(
  "random filters are checked and run as by the kernel",
  async () => {
    assertEquals(differencesOf(await helperIn(scratch.path), 1, 300), []);
  },
  TEST_TIMEOUT,
);
