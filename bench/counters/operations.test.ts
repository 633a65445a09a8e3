import { test } from "bun:test";
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { ROWS } from "./operations.ts";

/** Results of a call in JS: bytes that were read, or 0 of what only does something. */
const RESULTS: Readonly<Record<string, number>> = {
  "empty call": 0,
  "read, raw stub": 24,
  "read, Counter": 24,
  "read, not inlined": 24,
  "read, libc": 24,
  "read, group of 1": 32,
  "read, group of 2": 40,
  "read, group of 4": 56,
  "read, group of 8": 88,
  "mmap page time": 8,
  "ioctl RESET": 0,
  "ioctl ENABLE": 0,
  "ioctl DISABLE": 0,
  "open + close": 0,
};

test("ROWS have each operation once", () => {
  assertEquals(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
});

test.each(ROWS.map((row) => [row.name, row] as const))(
  "operation '%s' works, or says why not",
  (name, row) => {
    using resources = new DisposableStack();
    const operation = row.open(resources);
    if ("skip" in operation) return assertMatch(operation.skip, /^no PMU \(ENOENT\)$|: /);
    operation.before?.();
    const result = Number(operation.js(0));
    if (name in RESULTS) assertEquals(result, RESULTS[name]);
    else assertGreater(result, 0);
  },
);
