/**
 * rr as an engine: a program of the host, which records and replays by the PMU's counters, or in a fork (`-W`) by
 * counters of its own in software. It is started and read; nothing of it is inside.
 *
 * rr passes the program's output and end through when it records. In a replay it checks ticks and registers at
 * every event itself, and gives up where they differ.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Engine, EngineFiles, EnginePhase, Failed, Outcome, Seen } from "../types.ts";
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
    countsByPmu: !softwareCounters,
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
    replayByHand: (trace) => [path, "replay", trace],
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

/** Why it came to no end: what rr complains of, or what was seen of it. */
function gaveUp(phase: EnginePhase, seen: Seen, files: EngineFiles): Failed {
  const complaint = findComplaint(wordsOf(phase, seen, files));
  if (complaint?.kind === "assertion") {
    const what = phase === "record" ? "rr gave up to record" : "replay diverged";
    return { verdict: { kind: "fail", reasons: [`${what}: ${complaint.text}`] } };
  }
  const words = complaint?.text ?? `${describeExit(seen.exit)}\n${lastLines(seen.stderr)}`.trimEnd();
  return { verdict: { kind: "broken", reason: `rr gave up to ${phase}: ${words}` } };
}

async function readRecording(path: string, seen: Seen, files: EngineFiles): Promise<Outcome> {
  // rr takes the file `incomplete` away when the program has ended and all is written.
  const complete = existsSync(files.trace) && !existsSync(join(files.trace, "incomplete"));
  if (!complete) return gaveUp("record", seen, files);
  return { ...programsOwn(seen), counts: await countTrace(path, files.trace), reasons: [] };
}

function readReplay(seen: Seen, files: EngineFiles): Outcome {
  // A replay without a debugger ends with 0 in most versions, and with the program's end in others.
  if ("code" in seen.exit && seen.exit.code === 0) {
    return { ...programsOwn(seen), exit: undefined, counts: {}, reasons: [] };
  }
  if (findComplaint(wordsOf("replay", seen, files)) !== undefined) return gaveUp("replay", seen, files);
  return { ...programsOwn(seen), counts: {}, reasons: [] };
}

/** What was seen, without the warnings that rr writes between the program's lines: "rr: Warning: …". */
function programsOwn(seen: Seen): Seen {
  const text = seen.stderr.toString("latin1");
  return { ...seen, stderr: Buffer.from(text.replaceAll(/^rr: .*\n/gm, ""), "latin1") };
}
