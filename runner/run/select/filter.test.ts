import { test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../errors/mod.ts";
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

test("parseFilter() takes names with spaces, and in quotes those with words of its own", () => {
  const names = ["a loop replays", "a  loop", "says not to (and why)", "loop and more", "tag:x"];
  const spaced = names.map((name) => ({
    id: `s/${name}`,
    name,
    tags: name.startsWith("a") ? ["quick"] : [],
  }));
  const found = (filter: string) => spaced.filter(parseFilter(filter)).map(({ name }) => name);
  assertEquals(found("loop replays"), ["a loop replays"]);
  assertEquals(found("s/a loop"), ["a loop replays"]);
  assertEquals(found("a  loop"), ["a  loop"]);
  assertEquals(found("a * replays"), ["a loop replays"]);
  assertEquals(found("tag:quick and not loop replays"), ["a  loop"]);
  assertEquals(found("(loop replays or a  loop) and tag:quick"), ["a loop replays", "a  loop"]);
  assertEquals(found('"says not to (and why)"'), ["says not to (and why)"]);
  assertEquals(found('"loop and more" or a  loop'), ["a  loop", "loop and more"]);
  assertEquals(found('"and" and not "not"'), ["loop and more"]);
  assertEquals(found("/loop (replays|and)/"), ["a loop replays", "loop and more"]);
});

test("parseFilter() points at what is wrong", () => {
  const message = (filter: string) => assertThrows(() => parseFilter(filter), UsageError).message;
  assertEquals(
    message("alarm not hle"),
    "--filter: 'not' has no place here: write 'and' or 'or' between patterns, or put a name in quotes\n" +
      "  alarm not hle\n        ^",
  );
  assertStringIncludes(message("alarm and"), "a pattern is missing");
  assertStringIncludes(message("(alarm"), "a ')' is missing");
  assertStringIncludes(message("/a(/"), "no regular expression");
  assertStringIncludes(message(""), "a pattern is missing");
});
