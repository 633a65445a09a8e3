/**
 * rr as an engine: a program of the host, which records and replays by the PMU's counters, or in a fork (`-W`) by
 * counters of its own in software. It is started and read; nothing of it is inside.
 *
 * rr passes the program's output and end through when it records. In a replay it checks ticks and registers at
 * every event itself, and gives up where they differ.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Engine, EngineFiles, EnginePhase, Outcome, Seen } from "../types.ts";
import { describeExit, lastLines } from "../words.ts";
import { countTrace } from "./dump.ts";
import { findComplaint } from "./log.ts";

/** An rr that has recorded here. */
export interface RrInstallation {
  readonly path: string;
  readonly version: string;
  /** It is a fork that counts in software, by the option -W. */
  readonly softwareCounters: boolean;
}

/** The engine that an installation is. */
export function rrEngine({ path, version, softwareCounters }: RrInstallation): Engine {
  return {
    name: "rr",
    label: `rr ${version}${softwareCounters ? " -W" : ""}`,
    // rr's system call buffer makes one event of many calls, and it switches threads in its own time.
    comparable: new Set(["ticks", "signals"]),
    record: (program, files) => ({
      command: [path, "record", ...(softwareCounters ? ["-W"] : []), "-o", files.trace, ...program],
      environment: rrEnvironment("record", files),
    }),
    replay: (files) => ({
      command: [path, "replay", "-a", files.trace],
      environment: rrEnvironment("replay", files),
    }),
    read: (phase, seen, files) =>
      phase === "record" ? readRecording(path, seen, files) : readReplay(seen, files),
  };
}

/** rr's own words go to a file, apart from the program's; whatever it keeps stays in the attempt's folder. */
function rrEnvironment(phase: EnginePhase, files: EngineFiles): Record<string, string> {
  return { RR_LOG_FILE: files.file(phase, "log"), _RR_TRACE_DIR: dirname(files.trace) };
}

/** What rr has said: in its log, or on standard error where it had no log yet. */
function wordsOf(phase: EnginePhase, { stderr }: Seen, files: EngineFiles): string {
  const log = files.file(phase, "log");
  return existsSync(log) ? `${readFileSync(log, "utf8")}\n${stderr}` : stderr.toString();
}

async function readRecording(path: string, seen: Seen, files: EngineFiles): Promise<Outcome> {
  const complaint = findComplaint(wordsOf("record", seen, files));
  if (complaint?.kind === "assertion") {
    return { verdict: { kind: "fail", reasons: [`rr gave up to record: ${complaint.text}`] } };
  }
  // rr takes the file `incomplete` away when the program has ended and all is written.
  const complete = existsSync(files.trace) && !existsSync(join(files.trace, "incomplete"));
  if (complaint !== undefined || !complete) {
    const words = complaint?.text ?? `${describeExit(seen.exit)}\n${lastLines(seen.stderr)}`.trimEnd();
    return { verdict: { kind: "broken", reason: `rr gave up to record: ${words}` } };
  }
  return { ...seen, counts: await countTrace(path, files.trace), reasons: [] };
}

function readReplay(seen: Seen, files: EngineFiles): Outcome {
  const complaint = findComplaint(wordsOf("replay", seen, files));
  if (complaint?.kind === "assertion") {
    return { verdict: { kind: "fail", reasons: [`replay diverged: ${complaint.text}`] } };
  }
  if (complaint !== undefined) {
    return { verdict: { kind: "broken", reason: `rr gave up to replay: ${complaint.text}` } };
  }
  // A replay without a debugger ends with 0 in most versions, and with the program's end in others.
  const plain = "code" in seen.exit && seen.exit.code === 0;
  return { ...seen, exit: plain ? undefined : seen.exit, counts: {}, reasons: [] };
}
