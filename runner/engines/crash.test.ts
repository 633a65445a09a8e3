/** What is told of crashes of real programs: the signal, the line, the stack, whatever the way into the fault. */

import { afterAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertExists, assertMatch } from "@std/assert";
import { readReport } from "../outcome/mod.ts";
import { findCompiler } from "../programs/compiler.ts";
import type { Crash } from "../results/mod.ts";
import { crashOf } from "./crash.ts";

const SOURCE = resolve(import.meta.dir, "fixtures/crashes.c");
const CLI = resolve(import.meta.dir, "../cli.ts");
const folder = mkdtempSync(join(tmpdir(), "tickproof-crash-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles the program; once for each set of flags. */
function built(...flags: string[]): string {
  const path = join(folder, `crashes${flags.join("")}`);
  const command = [...findCompiler().command, ...flags, "-pthread", "-o", path, SOURCE];
  assertEquals(Bun.spawnSync(command).exitCode, 0);
  return path;
}

const debug = built("-g", "-O1", "-fomit-frame-pointer");

/** Records a crash. */
function crash(program: string, how: string): Crash {
  const place = mkdtempSync(join(folder, "trace-"));
  const report = join(place, "report.json");
  const command = ["record", "--quiet", "--report", report, "-o", join(place, "trace"), "--", program, how];
  const child = Bun.spawnSync([process.execPath, CLI, ...command], { stdin: "ignore" });
  assertEquals(child.stdout.toString(), "before\n");
  const read = readReport(report);
  assert(read?.kind === "record", JSON.stringify(read));
  const found = crashOf(read);
  assertExists(found);
  return found;
}

const symbols = ({ frames }: Crash) => frames.map(({ place }) => place?.symbol ?? "?");
/** Number of the first line that has a text. */
const lineOf = (text: string) =>
  1 +
  readFileSync(SOURCE, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text));

test("a fault below a callback of the C library: its line with three around, each frame's function", () => {
  const found = crash(debug, "sort");
  assertEquals([found.signal, found.address], ["SIGSEGV", "0x0"]);
  const names = symbols(found);
  assertEquals(names.slice(0, 5), ["fault", "walk", "walk", "walk", "compare"]);
  assertEquals(names.at(-1), "main");
  assert(names.length > 6, "frames of the C library are between them");
  const line = lineOf("the fault");
  assertEquals(found.frames[0]?.place?.line, line);
  assertEquals(found.source?.line, line);
  assertEquals(
    found.source?.lines.map(({ number }) => number - line),
    [-3, -2, -1, 0, 1, 2, 3],
  );
  assertMatch(found.lastEvents.at(-1) ?? "", /signal SIGSEGV at fault, fatal$/);
  assertEquals(found.lastEvents.length, 5);
});

test("an abort is shown at the program's own line, not in the C library", () => {
  const found = crash(debug, "abort");
  assertEquals([found.signal, found.address], ["SIGABRT", undefined]);
  assertEquals(symbols(found).at(-1), "main");
  assertEquals(found.source?.line, found.frames.at(-1)?.place?.line);
  assertMatch(found.source?.lines[3]?.text ?? "", /abort\(\);/);
});

test("a division by zero, in main itself", () => {
  const found = crash(debug, "divide");
  assertEquals([found.signal, symbols(found)], ["SIGFPE", ["main"]]);
  assertEquals(found.source?.line, lineOf("argc / zero"));
});

test("a call of what is no function is shown where it was called", () => {
  const found = crash(debug, "call");
  assertEquals([found.signal, symbols(found)[0]], ["SIGSEGV", "main"]);
  assertEquals(found.source?.line, lineOf("(int (*)(void))nowhere"));
});

test("a stack that overflows has the frames at its end, and the number of the others", () => {
  const found = crash(debug, "overflow");
  assertEquals(symbols(found).slice(0, 3), ["deeper", "deeper", "deeper"]);
  assert(found.moreFrames > 0);
  // The instruction that touches the guard may be of the call, or make room for the array.
  assertMatch(found.source?.lines[3]?.text ?? "", /deeper\(|room|^\{/);
});

test("a thread's crash is that thread's", () => {
  const found = crash(debug, "thread");
  assertEquals(symbols(found).slice(0, 4), ["fault", "walk", "walk", "thread"]);
  assert(found.task !== found.process);
});

test("frames go on through a signal handler", () => {
  const names = symbols(crash(debug, "handler"));
  const at = names.indexOf("handler");
  assert(at > 0, names.join(" "));
  assertEquals(names.at(-1), "main");
});

test("a child's crash explains the end of a parent that only tells of it", () => {
  const found = crash(debug, "child");
  assertEquals([found.signal, symbols(found).slice(0, 2)], ["SIGSEGV", ["fault", "walk"]]);
});

test("a program without symbols has its frames by module and offset, and no source", () => {
  const stripped = crash(built("-s", "-O2"), "sort");
  assertEquals(stripped.source, undefined);
  assertMatch(stripped.frames[0]?.place?.module ?? "", /^crashes-s-O2$/);
  assertEquals(stripped.frames.length > 6, true);
});
