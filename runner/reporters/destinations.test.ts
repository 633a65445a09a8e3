import { afterEach, beforeEach, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { summary } from "./_fixtures.ts";
import { reportersFor } from "./destinations.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-reporters-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("reportersFor() writes several reports at once, each whole or not at all", () => {
  const file = (name: string) => join(folder, name);
  const report = reportersFor(`tap:${file("a.tap")}, junit:${file("b.xml")},jsonl:${file("c.jsonl")}`);
  report({ kind: "run-started", tests: [], repeat: 1, jobs: 1 });
  assertEquals(readFileSync(file("c.jsonl"), "utf8").split("\n").length, 2);
  assertEquals(readdirSync(folder).includes("a.tap"), false);
  report({ kind: "run-finished", summary });
  assertStringIncludes(readFileSync(file("a.tap"), "utf8"), "TAP version 14\n");
  assertStringIncludes(readFileSync(file("b.xml"), "utf8"), "<testsuites");
  assertEquals(readdirSync(folder).toSorted(), ["a.tap", "b.xml", "c.jsonl"]);
});

test("reportersFor() refuses what it can't do before anything runs", () => {
  const message = (wanted: string) => assertThrows(() => reportersFor(wanted), UsageError).message;
  assertStringIncludes(message("prety"), "did you mean 'pretty'?");
  assertStringIncludes(message("xyzzyx"), "there are dot, github, json, jsonl, junit, ktap, pretty, tap");
  assertStringIncludes(message("tap,dot"), "can't both write to the standard output");
  assertStringIncludes(message("tap:"), "name a file");
  assertStringIncludes(message(`tap:${folder}/no/such/x`), "can't be written");
});
