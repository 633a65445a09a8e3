import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { PAGE, pageOf, readPrograms, readResults } from "./_page.ts";

test("docs/programs.md shows the results of the survey", () => {
  const [programs, results] = [readPrograms(), readResults()];
  assertGreater(results.length, 80);
  assertEquals(
    readFileSync(PAGE, "utf8"),
    pageOf(programs, results),
    "run suites/survey/run.ts with a program's name",
  );
});

test("what went wrong is said of each program that is not right, and a program that is has been replayed", () => {
  for (const { name, replayed, wrong } of readResults())
    assert(wrong === undefined ? replayed > 0 : wrong !== "", name);
});
