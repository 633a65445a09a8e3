import { test } from "bun:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { readDocument, withTables } from "./_document.ts";
import { PROBE_GROUPS } from "./probes/mod.ts";

test("docs/doctor.md has the table of probes as their records are", () => {
  const document = readDocument();
  assert(withTables(document) === document, "out of date: run 'runner/bun runner/host/_document.ts'");
});

test("withTables() refuses a document without its marks", () => {
  assertThrows(() => withTables("# doctor\n"), Error, "lacks");
});

test("each probe of the kernel names the function and the version that it follows", () => {
  const probes = [...(PROBE_GROUPS.kernel ?? []), ...(PROBE_GROUPS["virtual machine"] ?? [])];
  const wrong = probes.filter(
    ({ name, source }) => name !== "kernel-recent" && !/Linux \d+\.\d+, [\w/.]+\.[ch], \w+/.test(source),
  );
  assertEquals(
    wrong.map(({ name, source }) => `${name}: ${source}`),
    [],
  );
});
