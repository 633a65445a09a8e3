/** `tickproof verify`: is this trace good? Checks every checksum and the structure, and replays it with all its checks. */
import { oneLine, visibleJson } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { describeError, FAILED, OK, USAGE, UsageError } from "../errors/mod.ts";
import { findTrace, Scratch } from "../files/mod.ts";
import { type Report, readReport } from "../outcome/mod.ts";
import { print, say } from "../output/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import { counted } from "../text/mod.ts";

/** What is said of a trace. */
type Verdict = "good" | "incomplete" | "diverged" | "damaged";

const CODES: Readonly<Record<Verdict, number>> = {
  good: OK,
  incomplete: FAILED,
  diverged: FAILED,
  damaged: USAGE,
};

export const verify = defineCommand({
  name: "verify",
  summary: "Check whether a trace is good: its checksums, its structure, and that it replays",
  details: [
    "The replay is one of its own, whose output is not shown. Recorded with --checksum, a trace has checksums of all its",
    "files, and of the program's memory at intervals, which the replay compares.",
    "Exit code 0: it is good. 1: it is incomplete, or its replay diverges. 2: it is damaged, or no trace.",
  ].join("\n"),
  options: { json: { kind: "flag", help: "one JSON object" } },
  positionals: { usage: "[DIR]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const { TraceError, verifyTrace } = await import("../../engine/trace/mod.ts");
    const directory = findTrace(path);
    let verdict: Verdict = "good";
    let message = "";
    let found: ReturnType<typeof verifyTrace> | undefined;
    try {
      found = verifyTrace(directory);
      if (found.incomplete !== undefined) [verdict, message] = ["incomplete", found.incomplete];
      const replayed = replay(directory);
      if (replayed.kind === "error") [verdict, message] = ["damaged", replayed.message];
      else if (replayed.kind === "replay" && replayed.outcome === "diverged") {
        [verdict, message] = ["diverged", replayed.message];
      } else if (replayed.kind === "replay" && replayed.outcome === "partial" && verdict === "good") {
        [verdict, message] = ["incomplete", replayed.message];
      }
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      [verdict, message] = ["damaged", describeError(error)];
    }
    if (options.json) print(`${visibleJson({ directory, verdict, message, ...found }, 2)}\n`);
    else if (verdict === "good" && found !== undefined) print(`${praise(directory, found)}\n`);
    else say(`tickproof: ${verdict}: ${oneLine(message)}\n`);
    return CODES[verdict];
  },
});

interface Found {
  events: number;
  files: number;
  checksums: number;
  summedFiles: number | undefined;
}

function praise(directory: string, { events, files, checksums, summedFiles }: Found): string {
  const sums =
    summedFiles === undefined
      ? `, of which the lengths alone were compared (record --checksum keeps sums)`
      : ` and ${counted(checksums, "checksum")} of memory`;
  return oneLine(
    `good: ${counted(events, "event")} replayed, ${counted(files, "mapped file")}${sums} (${directory})`,
  );
}

/** Replays a trace in a process of its own, in silence. */
function replay(directory: string): Report {
  using scratch = new Scratch("verify");
  const file = scratch.file("report.json");
  const child = Bun.spawnSync([...TICKPROOF, "replay", "--quiet", "--report", file, directory], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const report = readReport(file);
  if (report !== undefined) return report;
  throw new UsageError(
    `the replay ended without a result (exit code ${child.exitCode}, signal ${child.signalCode ?? "none"}): ` +
      `${child.stderr.toString().trim()}`,
  );
}
