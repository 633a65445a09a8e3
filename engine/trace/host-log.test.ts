import { test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { formatHostLine, type HostLogLine, readHostLog, writeHostLog } from "./host-log.ts";
import { TraceError } from "./trace-error.ts";

/** Runs a test in a folder of its own. */
function inFolder(body: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "tickproof-hostlog-"));
  try {
    body(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const LINES: readonly HostLogLine[] = [
  { of: "guest", event: 3, text: "[    0.000001] perf interrupt took too long", count: 1 },
  { of: "host", event: 9, text: "[    0.000002] kvm_pmu: event creation failed -95", count: 12 },
];

test("readHostLog() gives back what writeHostLog() wrote, and nothing where nothing was", () => {
  inFolder((dir) => {
    assertEquals(readHostLog(dir), []);
    writeHostLog(dir, []);
    assertEquals(readHostLog(dir), []);
    writeHostLog(dir, LINES);
    assertEquals(readHostLog(dir), [...LINES]);
  });
});

test.each([
  ["no JSON", "["],
  ["no list", "{}"],
  ["no line", "[1]"],
  ["another kernel", '[{"of":"x","event":1,"text":"","count":1}]'],
  ["a count that is none", '[{"of":"host","event":1,"text":"","count":-1}]'],
  ["too long", `[${" ".repeat(5 << 20)}]`],
])("readHostLog() refuses %s", (_what, text) => {
  inFolder((dir) => {
    writeFileSync(join(dir, "hostlog.json"), text);
    assertThrows(() => readHostLog(dir), TraceError, "hostlog.json");
  });
});

test("readHostLog() follows no link", () => {
  inFolder((dir) => {
    symlinkSync("/dev/zero", join(dir, "hostlog.json"));
    assertThrows(() => readHostLog(dir), TraceError, "a link");
  });
});

test("formatHostLine() says whose log it is, and how often", () => {
  assertEquals(LINES.map(formatHostLine), [
    "guest log [    0.000001] perf interrupt took too long",
    "host log [    0.000002] kvm_pmu: event creation failed -95 (12 times)",
  ]);
});
