/** "@std/assert" resolves at run time, is typed, and its declarations name just what the code exports. */
import { test } from "bun:test";
import { readFileSync } from "node:fs";
import * as std from "@std/assert";
import { assert, assertEquals, assertThrows } from "@std/assert";

test("@std/assert: the declarations name the exports of the code", () => {
  const text = readFileSync(new URL("assert.d.ts", import.meta.url), "utf8");
  const declared = [...text.matchAll(/^export (?:function|class) (\w+)/gm)].map((match) => match[1] ?? "");
  assertEquals([...new Set(declared)].sort(), Object.keys(std).sort());
});

test("@std/assert: assert() narrows, and a failure throws an AssertionError", () => {
  const value: string | undefined = ["text"].at(0);
  assert(value !== undefined);
  assertEquals(value.length, 4);
  assertThrows(() => std.assertStrictEquals(1, 2), std.AssertionError, "not strictly equal");
});

test("@std/assert: a use of the wrong type is refused by the compiler", () => {
  // @ts-expect-error a number is no string
  assertThrows(() => std.assertStringIncludes(12, "text"));
  // @ts-expect-error the values compared are of different types
  assertThrows(() => assertEquals("1", 1));
});
