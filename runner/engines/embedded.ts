/** tickproof's own engine: `tickproof record` and `tickproof replay`, each in a process of its own. */
import { type ErrorReport, type RecordReport, type ReplayReport, readReport } from "../outcome/mod.ts";
import type { Verdict } from "../results/mod.ts";
import { sendOption } from "../script/send.ts";
import { crashOf } from "./crash.ts";
import { divergencePlace, threadPlaces } from "./places.ts";
import type { Engine, EngineFiles, EnginePhase, Outcome, Seen } from "./types.ts";
import { describeExit, lastLines } from "./words.ts";

/**
 * The engine.
 *
 * @param tickproof Starts tickproof: `[...tickproof, "record", …]`.
 */
export function embeddedEngine(tickproof: readonly string[]): Engine {
  const start = (phase: EnginePhase, files: EngineFiles) => [
    ...tickproof,
    phase,
    "--quiet",
    "--report",
    files.file(phase, "report.json"),
  ];
  return {
    name: "embedded",
    label: "embedded",
    countsByPmu: false,
    comparable: new Set(["ticks", "events", "signals", "switches"]),
    record: (program, files, { host, sends }) => ({
      command: [
        ...start("record", files),
        "--progress",
        files.file("record", "progress"),
        ...(host === undefined ? [] : ["--host", host]),
        ...sendOption(sends),
        "-o",
        files.trace,
        "--",
        ...program,
      ],
    }),
    replay: (files) => ({ command: [...start("replay", files), files.trace] }),
    threadsOf(phase, files) {
      const report = readReport(files.file(phase, "report.json"));
      return report === undefined || report.kind === "error" ? [] : threadPlaces(report);
    },
    crashOf(files) {
      const report = readReport(files.file("record", "report.json"));
      return report?.kind === "record" ? crashOf(report) : undefined;
    },
    read,
  };
}

async function read(phase: EnginePhase, seen: Seen, files: EngineFiles): Promise<Outcome> {
  const report = readReport(files.file(phase, "report.json"));
  if (report?.kind === "error") return { verdict: verdictOf(phase, report) };
  if (report?.kind !== phase) {
    const words = `${describeExit(seen.exit)}\n${lastLines(seen.stderr)}`.trimEnd();
    return { verdict: { kind: "broken", reason: `the engine gave up to ${phase}: ${words}` } };
  }
  const { ticks, events, signals, switches, outcome, message, exit } = report;
  const counts = { ticks, events, signals, switches };
  const hostLog = report.kind === "record" ? report.hostLog?.map(hostLogLine) : undefined;
  const log = hostLog && { hostLog };
  if (outcome === "unsupported") return { verdict: { kind: "unsupported", reason: message }, counts, ...log };
  if (outcome !== "recorded" && outcome !== "replayed") {
    const divergence = report.kind === "replay" ? await divergencePlace(report) : undefined;
    const verdict = { kind: "fail", reasons: [`${phase} ${outcome}: ${message}`] } as const;
    return { verdict, counts, ...log, ...(divergence && { divergence }) };
  }
  const left = report.kind === "record" ? report.left?.map(({ command }) => command.join(" ")) : undefined;
  const reasons = checkPassThrough(phase, seen, report);
  return { ...seen, exit, counts, ...log, ...(left && { left }), reasons };
}

/** What a phase comes to that the engine could not begin or go on with. */
function verdictOf(phase: EnginePhase, { fault, message }: ErrorReport): Verdict {
  if (fault === "unsupported") return { kind: "unsupported", reason: message };
  const whose = fault === "internal" ? "a fault of tickproof itself" : `the engine gave up to ${phase}`;
  return { kind: "broken", reason: `${whose}: ${message}` };
}

/** A line of a described host's log: which kernel has said it, what, and how often. */
function hostLogLine({ of, text, count }: NonNullable<RecordReport["hostLog"]>[number]): string {
  const who = of === "guest" ? "described kernel" : "host below it";
  return `${who}: ${text}${count > 1 ? ` (${count} times)` : ""}`;
}

/** The engine's process must end as the program ended. */
function checkPassThrough(phase: EnginePhase, { exit }: Seen, report: RecordReport | ReplayReport): string[] {
  const [seen, wanted] = [describeExit(exit), describeExit(report.exit)];
  return seen === wanted ? [] : [`${phase} itself ended by ${seen}, its program by ${wanted}`];
}
