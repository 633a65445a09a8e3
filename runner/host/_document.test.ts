import { test } from "bun:test";
import { assert, assertThrows } from "@std/assert";
import { readDocument, withTables } from "./_document.ts";

test("docs/doctor.md has the table of probes as their records are", () => {
  const document = readDocument();
  assert(withTables(document) === document, "out of date: run 'runner/bun runner/host/_document.ts'");
});

test("withTables() refuses a document without its marks", () => {
  assertThrows(() => withTables("# doctor\n"), Error, "lacks");
});
