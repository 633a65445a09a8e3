/** Measures whole processes: native, record and replay in turn, so that all see the same weather. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { throwIfInterrupted } from "../runner/host/interrupted.ts";
import { median } from "../runner/median.ts";
import { type RecordReport, readReport } from "../runner/report.ts";
import type { Program } from "./programs.ts";

const TICKPROOF = [process.execPath, resolve(import.meta.dir, "../runner/cli.ts")];

/** Medians of one program, in milliseconds, start-up included. */
export interface Measurement {
  name: string;
  native: number;
  record: number;
  replay: number;
  ticks: number;
}

/** Runs a command and gives its time. */
function time(command: readonly string[]): number {
  const started = performance.now();
  const { exitCode, signalCode, stderr } = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore" });
  const elapsed = performance.now() - started;
  // Ctrl-C ends the command too: that is no fault of its.
  throwIfInterrupted();
  if (exitCode === 0) return elapsed;
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
  let ticks = 0;
  for (let run = 1; run <= runs; run++) {
    onRun(run);
    rmSync(trace, { recursive: true, force: true });
    times.native.push(time(program.command));
    times.record.push(
      time([...TICKPROOF, "record", "-q", "-o", trace, "--report", report, "--", ...program.command]),
    );
    times.replay.push(time([...TICKPROOF, "replay", "-q", trace]));
    ticks = (readReport(report) as RecordReport).ticks;
  }
  return {
    name: program.name,
    native: median(times.native) ?? 0,
    record: median(times.record) ?? 0,
    replay: median(times.replay) ?? 0,
    ticks,
  };
}
