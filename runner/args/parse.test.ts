import { test } from "bun:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { parse as parseOrHelp } from "./parse.ts";
import type { Options, Parsed, Positionals } from "./types.ts";

const options = {
  output: { kind: "text", short: "o", value: "DIR", help: "" },
  quiet: { kind: "flag", short: "q", help: "" },
  repeat: { kind: "count", value: "N", help: "" },
  chaos: { kind: "text", value: "SEED", bare: "random", help: "" },
  keep: { kind: "text", value: "WHEN", choices: ["failed", "never"], help: "" },
} as const;
const program: Positionals = {
  usage: "[--] CMD ARGS…",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  verbatim: true,
};
const record = { name: "record", start: "tickproof record", options, positionals: program };
const files = {
  name: "suites",
  start: "tickproof suites",
  options,
  positionals: { usage: "[FILE…]", min: 0, max: 2 },
};

/** parse() where no help is asked for. */
function parse<O extends Options>(
  grammar: Parameters<typeof parseOrHelp<O>>[0],
  argv: readonly string[],
): Parsed<O> {
  const parsed = parseOrHelp(grammar, argv);
  assert(parsed !== "help");
  return parsed;
}

test("parse() leaves the program's own flags alone, with and without --", () => {
  for (const argv of [
    ["-o", "t", "--quiet", "--", "ls", "-la", "--quiet"],
    ["-o", "t", "--quiet", "ls", "-la", "--quiet"],
    ["--output=t", "-q", "--", "ls", "-la", "--quiet"],
  ]) {
    const parsed = parse(record, argv);
    assertEquals(parsed.positionals, ["ls", "-la", "--quiet"]);
    assertEquals(parsed.options.output, "t");
    assertEquals(parsed.options.quiet, true);
  }
});

test("parse() takes short options in a group, with the value of the last one joined to it", () => {
  for (const argv of [
    ["-qo", "t", "ls"],
    ["-qot", "ls"],
    ["-q", "-ot", "ls", "-q"],
  ]) {
    const { options } = parse(record, argv);
    assertEquals([options.quiet, options.output], [true, "t"], argv.join(" "));
  }
});

test("parse() knows no option by a name that every object has", () => {
  assertThrows(() => parse(record, ["--constructor", "ls"]), UsageError, "unknown option '--constructor'");
});

test("parse() passes a second -- on to the program", () => {
  assertEquals(parse(record, ["--", "git", "log", "--", "x"]).positionals, ["git", "log", "--", "x"]);
  assertEquals(parse(record, ["git", "log", "--", "x"]).positionals, ["git", "log", "--", "x"]);
});

test("parse() takes options after positionals where they are the command's own", () => {
  const parsed = parse(files, ["a.yaml", "--repeat", "3", "-"]);
  assertEquals(parsed.positionals, ["a.yaml", "-"]);
  const repeat: number | undefined = parsed.options.repeat;
  assertEquals(repeat, 3);
});

test("parse() names the nearest option for an unknown one", () => {
  assertThrows(() => parse(record, ["--quite", "ls"]), UsageError, "did you mean '--quiet'?");
  assertThrows(() => parse(record, ["-x", "ls"]), UsageError, "unknown option '-x' for 'record'");
  assertThrows(() => parse(record, ["--xyzzy", "ls"]), UsageError, "tickproof record --help");
});

test("parse() refuses wrong and missing values", () => {
  assertThrows(() => parse(files, ["--repeat", "0"]), UsageError, "at least 1: current value is '0'");
  assertThrows(() => parse(files, ["--repeat", "many"]), UsageError, "current value is 'many'");
  assertThrows(() => parse(files, ["--repeat"]), UsageError, "--repeat N");
  assertThrows(() => parse(files, ["--quiet=1"]), UsageError, "takes no value");
  assertThrows(() => parse(files, ["--keep", "faild"]), UsageError, "did you mean 'failed'?");
});

test("parse() counts positionals", () => {
  assertThrows(() => parse(record, ["--quiet"]), UsageError, "'record' needs [--] CMD ARGS…");
  assertThrows(() => parse(files, ["a", "b", "c"]), UsageError, "got 'c' too");
});

test("parse() sees --help among the command's own words only", () => {
  assertEquals(parseOrHelp(record, ["-o", "t", "--help"]), "help");
  assertEquals(parse(record, ["ls", "--help"]).positionals, ["ls", "--help"]);
  assertEquals(parse(record, ["--", "--help"]).positionals, ["--help"]);
});

test("parse() takes a value that may be left out with = only", () => {
  assertEquals(parse(record, ["--chaos", "7"]).options.chaos, "random");
  assertEquals(parse(record, ["--chaos", "7"]).positionals, ["7"]);
  assertEquals(parse(record, ["--chaos=7", "ls"]).options.chaos, "7");
});
