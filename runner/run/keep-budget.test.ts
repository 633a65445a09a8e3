import { afterEach, beforeEach, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { keepWithin } from "./keep-budget.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tickproof-keep-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function run(number: number, bytes: number): void {
  const folder = join(root, `run-${number}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "events"), new Uint8Array(bytes));
  utimesSync(folder, number, number);
}

test("keepWithin() removes the oldest runs beyond the budget, never the newest", () => {
  for (const number of [1, 2, 3]) run(number, 1000);
  assertEquals(keepWithin(root, 2500), ["run-1"]);
  assertEquals(readdirSync(root).toSorted(), ["run-2", "run-3"]);
  assertEquals(keepWithin(root, 10), ["run-2"]);
  assertEquals(keepWithin(root, 10), []);
  assertEquals(keepWithin(join(root, "nowhere"), 10), []);
});
