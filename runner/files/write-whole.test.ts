import { afterEach, beforeEach, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { checkWritable, writeWhole } from "./write-whole.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-write-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("writeWhole() replaces a file and leaves nothing beside it", () => {
  const path = join(folder, "result.json");
  for (const text of ["first", "second"]) writeWhole(path, text);
  assertEquals(readFileSync(path, "utf8"), "second");
  assertEquals(readdirSync(folder), ["result.json"]);
});

test("writeWhole() leaves nothing behind where the file can't be put", () => {
  const path = join(folder, "taken");
  mkdirSync(path);
  assertThrows(() => writeWhole(path, "text"));
  assertEquals(readdirSync(folder), ["taken"]);
});

test("checkWritable() names the option whose folder is missing", () => {
  checkWritable("--json", join(folder, "result.json"));
  assertThrows(
    () => checkWritable("--json", join(folder, "no/result.json")),
    UsageError,
    "result.json can't be written: name a file in a folder that exists and is writable",
  );
});
