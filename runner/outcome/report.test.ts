import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { type RecordReport, readReport, reporting } from "./report.ts";

const counts = { ticks: 5, events: 4, signals: 3, switches: 2 };
const good: RecordReport = {
  kind: "record",
  directory: "/t",
  outcome: "recorded",
  message: "",
  exit: { code: 0 },
  ...counts,
};
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-report-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

test("reporting() writes what the step gives, and gives it on", () => {
  const file = join(folder, "good.json");
  assertEquals(
    reporting(file, () => good),
    good,
  );
  assertEquals(readReport(file), good);
  assertEquals(readdirSync(folder), ["good.json"]);
});

test("reporting() writes the error of a step that throws, and throws it on", () => {
  const file = join(folder, "bad.json");
  const step = () => {
    throw new UsageError("there is no trace");
  };
  assertThrows(() => reporting(file, step), UsageError);
  assertEquals(readReport(file), { kind: "error", fault: "usage", message: "there is no trace" });
});

test("readReport() is undefined where none was written", () => {
  assertEquals(readReport(join(folder, "none.json")), undefined);
});
