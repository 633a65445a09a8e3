/** Measures whole processes: native, record and replay in turn, so that all see the same weather. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { throwIfInterrupted } from "../runner/host/interrupted.ts";
import { type RecordReport, readReport } from "../runner/outcome/mod.ts";
import { median } from "../runner/results/mod.ts";
import type { Program } from "./programs.ts";

const TICKPROOF = [process.execPath, resolve(import.meta.dir, "../runner/cli.ts")];

/** Medians of one program, in milliseconds, start-up included. */
export interface Measurement {
  name: string;
  native: number;
  record: number;
  replay: number;
  ticks: number;
  /** Fastest and slowest of each, in milliseconds. */
  spread: Record<"native" | "record" | "replay", readonly [number, number]>;
  /** How often a task was stopped while recording. */
  stops: number;
  /** Most memory of the recorder, in bytes. */
  memory: number;
  /** Bytes of the trace, without the mapped files, which traces share. */
  traceBytes: number;
}

/** What one run of a command took. */
interface Run {
  milliseconds: number;
  /** Most memory of its process, in bytes. */
  memory: number;
}

/** Runs a command to its end. */
function time(command: readonly string[], cwd: string): Run {
  const started = performance.now();
  const ended = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", cwd });
  const milliseconds = performance.now() - started;
  const { exitCode, signalCode, stderr, resourceUsage } = ended;
  // Ctrl-C ends the command too: that is no fault of its.
  throwIfInterrupted();
  if (exitCode === 0) return { milliseconds, memory: resourceUsage?.maxRSS ?? 0 };
  throw new Error(`'${command.join(" ")}' ended by ${signalCode ?? `exit code ${exitCode}`}: ${stderr}`);
}

/**
 * Measures a program.
 *
 * @param program What to run.
 * @param runs How many times each of native, record and replay.
 * @param scratch A folder for the trace.
 * @param onRun Called before each round.
 */
export function measure(
  program: Program,
  runs: number,
  scratch: string,
  onRun: (run: number) => void,
): Measurement {
  const [trace, report] = [join(scratch, "trace"), join(scratch, "report.json")];
  const times = { native: [] as number[], record: [] as number[], replay: [] as number[] };
  const cwd = program.folder ?? process.cwd();
  let [ticks, stops, memory, traceBytes] = [0, 0, 0, 0];
  for (let run = 1; run <= runs; run++) {
    onRun(run);
    rmSync(trace, { recursive: true, force: true });
    program.before?.();
    times.native.push(time(program.command, cwd).milliseconds);
    program.before?.();
    const record = ["record", "-q", "-o", trace, "--report", report, "--", ...program.command];
    const recorded = time([...TICKPROOF, ...record], cwd);
    times.record.push(recorded.milliseconds);
    times.replay.push(time([...TICKPROOF, "replay", "-q", trace], cwd).milliseconds);
    const told = readReport(report) as RecordReport;
    ticks = told.ticks;
    stops = told.cost?.stops ?? 0;
    memory = Math.max(memory, recorded.memory);
    traceBytes = ownBytes(trace);
  }
  const spread = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  return {
    name: program.name,
    native: median(times.native) ?? 0,
    record: median(times.record) ?? 0,
    replay: median(times.replay) ?? 0,
    ticks,
    spread: {
      native: spread(times.native),
      record: spread(times.record),
      replay: spread(times.replay),
    },
    stops,
    memory,
    traceBytes,
  };
}

/** Bytes of the files in a trace's folder itself: mapped files are in one of its own. */
function ownBytes(trace: string): number {
  const files = readdirSync(trace, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { name }) => sum + statSync(join(trace, name)).size, 0);
}
