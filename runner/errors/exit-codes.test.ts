/** The exit codes: distinct, and in the README as in `--help`. */
import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { EXIT_CODES } from "./exit-codes.ts";

test("each exit code means one thing", () => {
  const codes = EXIT_CODES.map(([code]) => code);
  assertEquals(codes.length, new Set(codes).size);
});

test("the README has the exit codes as --help tells them", () => {
  const readme = readFileSync(resolve(import.meta.dir, "../../README.md"), "utf8");
  const [, table = ""] = /\| exit code \| meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.slice(2, -2).split(" | "));
  assertEquals(
    rows,
    EXIT_CODES.map((row) => [...row]),
  );
});
