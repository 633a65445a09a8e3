import { test } from "bun:test";
import { closeSync, openSync, readSync } from "node:fs";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { NotifyingPipe } from "./pipe.ts";

test("NotifyingPipe is readable after notify() and empty after drain()", () => {
  using pipe = NotifyingPipe.create();
  const reader = openSync(pipe.path, "r");
  pipe.release();
  pipe.notify();
  pipe.notify();
  pipe.drain();
  pipe.notify();
  assertEquals(readSync(reader, Buffer.alloc(8)), 1);
  closeSync(reader);
});

test("NotifyingPipe is abandoned once the last reader has gone", () => {
  using pipe = NotifyingPipe.create();
  const reader = openSync(pipe.path, "r");
  pipe.release();
  assertFalse(pipe.abandoned);
  closeSync(reader);
  assert(pipe.abandoned);
});
