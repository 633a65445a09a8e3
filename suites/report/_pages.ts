/** Pages of the report that its tests look at, each made once: of a history, of many attempts, of failures. */
import { afterAll } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { History } from "../../runner/history/mod.ts";
import { manyAttempts, someAttempts } from "../../runner/report-page/_fixtures.ts";
import { bundlePage, pageHtml, preparePage, readTimeline } from "../../runner/report-page/mod.ts";
import { run, Scratch, TICKPROOF } from "../_tickproof.ts";

export const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

/** A history with some attempts, as runs leave one. */
async function historyFile(): Promise<string> {
  const path = scratch.file("history.sqlite");
  if (existsSync(path)) return path;
  await using history = await History.open({ kind: "sqlite", path });
  for (const [, rows] of Map.groupBy(someAttempts(), ({ run, host }) => `${run} ${host}`)) {
    const [{ startedAt, host, cpu, kernel }] = rows as [(typeof rows)[number]];
    const id = await history.addRun({ startedAt, host, cpu, kernel, version: "0.1.0", bun: "1.4.5" });
    for (const row of rows) await history.addAttempt(id, columnsOf(row));
    await history.finishRun(id);
  }
  return path;
}

export type Row = ReturnType<typeof someAttempts>[number];

/** What a store takes of an attempt, whose run it has. */
export function columnsOf({ run: _, startedAt: __, host: ___, cpu: ____, kernel: _____, ...attempt }: Row) {
  return attempt;
}

/** Runs the command that makes a report. */
export const report = async (words: readonly string[], history?: string) =>
  run([...TICKPROOF, "report", ...words], {
    environment: { TICKPROOF_HISTORY: history ?? (await historyFile()) },
  });

/** The page that the command makes of that history and a trace of a real program. */
export async function page(): Promise<string> {
  const [output, trace] = [scratch.file("report.html"), scratch.file("trace")];
  if (existsSync(output)) return output;
  run([...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", "kill -USR1 $$ & wait; echo done"]);
  const { exit, stderr } = await report(["-o", output, "--trace", trace]);
  assertEquals(exit, { code: 0 }, stderr);
  return output;
}

export async function manyPage(): Promise<string> {
  const path = scratch.file("many.html");
  const data = preparePage(manyAttempts(10_000), { generatedAt: "2026-11-24T12:00:00Z", version: "0" });
  writeFileSync(path, pageHtml(data, await bundlePage()));
  return path;
}

/** A page of two failures with all that can be known of one, and the end of a real trace. */
export async function failuresPage(): Promise<string> {
  const [path, trace] = [scratch.file("failures.html"), scratch.file("failure")];
  if (existsSync(path)) return path;
  run([...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", "echo before; kill -SEGV $$"]);
  const [first] = someAttempts() as [Row];
  const source = {
    file: "/src/a.c",
    line: 7,
    lines: [6, 7, 8].map((number) => ({ number, text: `line ${number}` })),
  };
  const place = { module: "a", offset: 16, symbol: "deepest", file: "/src/a.c", line: 7 };
  const crash = {
    signal: "SIGSEGV",
    task: 1,
    process: 1,
    frames: [{ pc: "0x10", place }],
    moreFrames: 3,
    source,
  };
  const hunks = [{ expectedStart: 1, foundStart: 1, lines: [" one", "-two", "+2"] }];
  const detail = {
    crash: { ...crash, lastEvents: ["9 task 1: signal SIGSEGV"] },
    differences: [{ stream: "stdout", phase: "record", against: "the manifest", hunks, more: 0 } as const],
    notes: ["caught by recording 2 of at most 10"],
  };
  const bad = { ...first, verdict: "fail", reason: "death by SIGSEGV, expected exit code 0" };
  const rows = [
    { ...first, test: "a/good" },
    { ...bad, test: "b/flaky", number: 2, verdict: "broken", reason: "no compiler" },
    { ...bad, test: "c/crash", detail },
  ];
  const data = preparePage(rows, { generatedAt: "2026-11-24T12:00:00Z", version: "0" });
  data.timelines = [readTimeline(trace, { fromEnd: true })];
  Object.assign(data.details[0] ?? {}, { timeline: 0, command: "tickproof replay c/crash" });
  writeFileSync(path, pageHtml(data, await bundlePage()));
  return path;
}
