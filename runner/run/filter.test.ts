import { test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { parseFilter } from "./filter.ts";

const TESTS = [
  { id: "core/alarm", name: "alarm", tags: ["quick", "signals"] },
  { id: "core/hle", name: "hle", tags: ["slow"] },
  { id: "programs/alarm_clock", name: "alarm_clock", tags: [] },
  { id: "programs/android", name: "android", tags: ["quick"] },
];

/** The names of the tests that a filter means. */
const chosen = (filter: string): string[] => TESTS.filter(parseFilter(filter)).map(({ name }) => name);

test("parseFilter() takes a part of an id, a glob, and a regular expression", () => {
  assertEquals(chosen("alarm"), ["alarm", "alarm_clock"]);
  assertEquals(chosen("core/*"), ["alarm", "hle"]);
  assertEquals(chosen("al*"), ["alarm", "alarm_clock"]);
  assertEquals(chosen("/alarm$|hle/"), ["alarm", "hle"]);
  assertEquals(chosen("/^core\\/a/"), ["alarm"]);
});

test("parseFilter() takes tags with and, or, not and parentheses", () => {
  assertEquals(chosen("tag:quick"), ["alarm", "android"]);
  assertEquals(chosen("tag:s*"), ["alarm", "hle"]);
  assertEquals(chosen("tag:quick and not tag:signals"), ["android"]);
  assertEquals(chosen("not tag:quick and alarm or hle"), ["hle", "alarm_clock"]);
  assertEquals(chosen("not (tag:quick or tag:slow)"), ["alarm_clock"]);
  assertEquals(chosen("android"), ["android"]);
});

test("parseFilter() points at what is wrong", () => {
  const message = (filter: string) => assertThrows(() => parseFilter(filter), UsageError).message;
  assertEquals(
    message("alarm hle"),
    "--filter: 'hle' has no place here: write 'and' or 'or' between patterns\n  alarm hle\n        ^",
  );
  assertStringIncludes(message("alarm and"), "a pattern is missing");
  assertStringIncludes(message("(alarm"), "a ')' is missing");
  assertStringIncludes(message("/a(/"), "no regular expression");
  assertStringIncludes(message(""), "a pattern is missing");
});
