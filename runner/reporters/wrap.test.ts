import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { wrap } from "./wrap.ts";

test("wrap() breaks between words, and leaves long words whole", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("one https://example.org/long two", 5), ["one", "https://example.org/long", "two"]);
  assertEquals(wrap("one two three", Number.POSITIVE_INFINITY), ["one two three"]);
  assertEquals(wrap("", 5), [""]);
});
