/** One run of a hunt: the command, recorded under one schedule by a process of its own, and judged. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { newRunTrace, readProgress, Scratch } from "../files/mod.ts";
import { type Exit, type RecordReport, readReport } from "../outcome/mod.ts";
import { runProcess } from "../processes/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import { signalName } from "../text/mod.ts";
import { traceName } from "../whole/trace-name.ts";
import { type Judgement, judge, type Predicate } from "./predicate.ts";

/** What all runs of a hunt have in common. */
export interface TrialOptions {
  command: readonly string[];
  predicate: Predicate;
  timeoutSeconds: number;
  /** Room for the trace, in MB. */
  budget: number;
  /** Ends it: nobody wants its result any more. */
  abort: AbortSignal;
}

/** What came of a run. */
export interface Trial {
  /** Undefined where tasks took turns fairly. */
  seed: number | undefined;
  /** `aborted`: it was not let to its end; `broken`: there is no recording of it to be judged. */
  judgement: Judgement | { kind: "aborted" } | { kind: "broken"; why: string; isOurFault: boolean };
  /** How the program ended; undefined if it was ended. */
  exit: Exit | undefined;
  /** The recorder's account, where there is one. */
  report: RecordReport | undefined;
  /** The end of what the program printed, output before errors. */
  output: string;
  milliseconds: number;
  trace: string;
  /** Keeps the trace, as the latest one; or removes it. One of them must be called. */
  keep: () => void;
  discard: () => void;
}

/** Seconds that a recorder may take to start the program. */
const START_SECONDS = 600;
/** How often it is looked whether it has, in milliseconds. */
const LOOK_MS = 20;

/** Most bytes of each stream that a pattern is looked for in, and that are shown the end of. */
const MOST_OUTPUT = 1 << 24;

/** The schedule of a run. */
export interface Schedule {
  /** Undefined for fair turns. */
  seed?: number | undefined;
  /** How many of the seed's turns there are before others. @default all */
  turns?: number;
  /** Seed of the turns behind those. @default fair ones */
  behind?: number | undefined;
  /** Turns with which a run does not end any more. @default none are too many */
  mostTurns?: number | undefined;
}

/** The schedule as `record` takes it. */
function scheduleWords({ seed, turns, behind, mostTurns }: Schedule): string[] {
  if (seed === undefined) return [];
  return [
    `--chaos=${[seed, turns, behind].filter((part) => part !== undefined).join(":")}`,
    ...(mostTurns === undefined ? [] : ["--most-turns", `${mostTurns}`]),
  ];
}

/**
 * Makes one run.
 *
 * @throws {UsageError} If traces can't be kept.
 */
export async function makeTrial(options: TrialOptions, schedule: Schedule): Promise<Trial> {
  const { seed } = schedule;
  const { command, budget, timeoutSeconds, abort } = options;
  const { directory, keep, discard } = newRunTrace(traceName(command));
  using scratch = new Scratch("hunt");
  const file = (name: string) => scratch.file(name);
  const files = { stdout: file("stdout"), stderr: file("stderr") };
  const started = performance.now();
  const overtime = new AbortController();
  const ended = await runProcess({
    command: [
      ...[...TICKPROOF, "record", "--quiet", "--report", file("report.json"), "--budget", `${budget}`],
      ...["--progress", file("progress"), "--until-stuck"],
      ...scheduleWords(schedule),
      ...["-o", directory, "--", ...command],
    ],
    cwd: process.cwd(),
    environment: {},
    stdin: undefined,
    ...files,
    timeoutSeconds: START_SECONDS + timeoutSeconds,
    traces: true,
    abort: AbortSignal.any([abort, overtime.signal]),
    onStart: (_, over) => endInTime(file("progress"), timeoutSeconds, over, () => overtime.abort()),
  });
  const milliseconds = performance.now() - started;
  const found = readReport(file("report.json"));
  const report = found?.kind === "record" ? found : undefined;
  const [stdout, stderr] = [readEnd(files.stdout), readEnd(files.stderr)];
  const exit = ended.kind === "exited" && report?.endless === undefined ? report?.exit : undefined;
  const judgement = async (): Promise<Trial["judgement"]> => {
    if (abort.aborted) return { kind: "aborted" };
    if (found === undefined)
      return {
        kind: "broken",
        why: `the recorder ended without a word: ${stderr.trimEnd().split("\n").at(-1) ?? ""}`,
        isOurFault: true,
      };
    if (found.kind === "error")
      return { kind: "broken", why: found.message, isOurFault: found.fault === "internal" };
    if (report?.outcome === "unsupported") return { kind: "broken", why: report.message, isOurFault: false };
    const endless = report?.endless;
    return await judge(options.predicate, { exit, endless, stdout, stderr }, (script) =>
      runScript(script, options, file, { exit, seed, trace: directory, ...files }),
    );
  };
  return {
    seed,
    judgement: await judgement(),
    exit,
    report,
    output: `${stdout}${stderr}`,
    milliseconds,
    trace: directory,
    keep,
    discard,
  };
}

/**
 * Ends a recording when its time is up, which begins with the program: how long the recorder takes to start is not its
 * fault.
 *
 * @param progress File that the recorder writes to from the program's first instruction on.
 * @param over Aborted when it has ended by itself.
 */
async function endInTime(
  progress: string,
  seconds: number,
  over: AbortSignal,
  end: () => void,
): Promise<void> {
  while (readProgress(progress) === undefined && !over.aborted) await Bun.sleep(LOOK_MS);
  if (over.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    end();
    resolve();
  }, seconds * 1000);
  over.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

/** The end of a file, as text. */
function readEnd(path: string): string {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, MOST_OUTPUT));
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(fd);
  }
}

/** What a script is told of a run. */
interface ToldRun {
  exit: Exit | undefined;
  seed: number | undefined;
  trace: string;
  stdout: string;
  stderr: string;
}

/** Lets the user's script look at a run. @returns Its exit code; undefined if it has none. */
async function runScript(
  script: string,
  { timeoutSeconds, abort }: TrialOptions,
  file: (name: string) => string,
  { exit, seed, trace, stdout, stderr }: ToldRun,
): Promise<number | undefined> {
  const how = exit === undefined ? "" : "code" in exit ? `${exit.code}` : signalName(exit.signal);
  const ended = await runProcess({
    command: ["/bin/sh", "-c", script],
    cwd: process.cwd(),
    environment: {
      TICKPROOF_HUNT_EXIT: how,
      TICKPROOF_HUNT_SEED: seed === undefined ? "" : `${seed}`,
      TICKPROOF_HUNT_TRACE: trace,
      TICKPROOF_HUNT_STDOUT: stdout,
      TICKPROOF_HUNT_STDERR: stderr,
    },
    stdin: undefined,
    stdout: file("script-stdout"),
    stderr: file("script-stderr"),
    timeoutSeconds,
    abort,
  });
  return ended.kind === "exited" && "code" in ended.exit ? ended.exit.code : undefined;
}
