/** Keys at a real terminal do to a recorded job what they do to it natively. */
import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { Scratch, TEST_TIMEOUT } from "../_tickproof.ts";
import { atTerminal } from "./terminal.ts";

test(
  "a job at a terminal is interrupted, quit, stopped and continued recorded as natively, and nothing is left of it",
  async () => {
    using scratch = new Scratch();
    const seen = [];
    for await (const { job, faults } of atTerminal(scratch.path)) {
      assertEquals(faults, [], job);
      seen.push(job);
    }
    assertEquals(seen.length, 6);
  },
  TEST_TIMEOUT,
);
