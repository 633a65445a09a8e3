import { afterEach, beforeEach, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { findTrace, makeNumbered, newDefaultTrace, tracesRoot } from "./traces.ts";

let root = "";
const before = { ...process.env };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tickproof-traces-"));
  process.env.TICKPROOF_TRACES = root;
});

afterEach(() => {
  process.env = { ...before };
  rmSync(root, { recursive: true });
});

test("tracesRoot() prefers TICKPROOF_TRACES, then XDG_DATA_HOME", () => {
  assertEquals(tracesRoot(), root);
  delete process.env.TICKPROOF_TRACES;
  process.env.XDG_DATA_HOME = "/data";
  assertEquals(tracesRoot(), "/data/tickproof/traces");
});

test("newDefaultTrace() numbers the traces of a program and moves the latest link", () => {
  const first = newDefaultTrace("/bin/ls");
  assertEquals(first.directory, join(root, "ls-0"));
  const second = newDefaultTrace("ls");
  assertEquals(second.directory, join(root, "ls-1"));
  assertEquals(findTrace(undefined), join(root, "ls-1"));
});

test("newDefaultTrace() discard() gives the latest link back", () => {
  const first = newDefaultTrace("a");
  newDefaultTrace("b").discard();
  assertEquals(existsSync(join(root, "b-0")), false);
  assertEquals(findTrace(undefined), first.directory);
  first.discard();
  assertThrows(() => findTrace(undefined), UsageError, "no latest trace");
});

test("newDefaultTrace() discard() leaves the latest link to a recording that has begun meanwhile", () => {
  const first = newDefaultTrace("a");
  const second = newDefaultTrace("b");
  first.discard();
  assertEquals(findTrace(undefined), second.directory);
  mkdirSync(join(root, "c"));
  writeFileSync(join(root, "c", "meta.json"), "");
  second.discard();
  assertEquals(findTrace(undefined), join(root, "c"));
  assertEquals(readdirSync(root).toSorted(), ["c", "latest"]);
});

test("makeNumbered() goes on after the highest number and ignores other names", () => {
  writeFileSync(join(root, "ls-x"), "");
  makeNumbered(root, "ls");
  rmSync(makeNumbered(root, "ls"), { recursive: true });
  makeNumbered(root, "ls-color");
  assertEquals(makeNumbered(root, "ls"), join(root, "ls-1"));
});

test("findTrace() says what is missing", () => {
  assertThrows(() => findTrace(join(root, "nothing")), UsageError, "no such folder");
});
