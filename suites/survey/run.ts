/**
 * Records and replays programs that nobody here wrote, as Debian has them, and keeps what came of each. By hand:
 *
 *     runner/bun suites/survey/run.ts [--records 5] [--replays 2] [--keep FOLDER] [NAME…]
 *
 * `--replays` counts those of each recording. Results go to `results.yaml` beside this file, where they replace the earlier
 * ones of the same programs, and `docs/programs.md` is written from it. `--keep` keeps the traces of what went wrong.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Exit, type Report, readReport } from "../../runner/outcome/mod.ts";
import { signalNumber } from "../../runner/text/mod.ts";
import { Scratch, TICKPROOF } from "../_tickproof.ts";
import { PAGE, type Program, pageOf, type Result, readPrograms, readResults, writeResults } from "./_page.ts";

/** Seconds after which a run hangs; a translator of a translator takes its time. */
const HANG = 600;

/** What a run left: its end, and both streams as they went out together. */
interface Run {
  exit: Exit;
  output: Buffer;
  seconds: number;
  report: Report | undefined;
}

/** A program with its folder, which each run finds as it was at the beginning. */
class Subject {
  readonly #folder: string;

  constructor(
    readonly program: Program,
    readonly scratch: Scratch,
  ) {
    this.#folder = scratch.file("work");
  }

  native(): Run {
    this.#afresh();
    return this.#run(this.#command());
  }

  record(trace: string): Run {
    this.#afresh();
    return this.#run([...TICKPROOF, "record", "-q", "-o", trace], ["--", ...this.#command()]);
  }

  replay(trace: string): Run {
    return this.#run([...TICKPROOF, "replay", "-q"], [trace]);
  }

  #command(): string[] {
    return ["bash", "-ec", this.program.run];
  }

  #afresh(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
    // Servers that give up root's rights have to come here.
    chmodSync(this.scratch.path, 0o755);
    if (this.program.file !== undefined) writeFileSync(join(this.#folder, "file"), this.program.file);
  }

  /** Runs a command in the folder; words after it make it one of tickproof that reports. */
  #run(command: readonly string[], words?: readonly string[]): Run {
    const [path, reported] = [this.scratch.file("output"), this.scratch.file("report")];
    rmSync(reported, { force: true });
    const out = openSync(path, "w");
    const began = performance.now();
    const all = words === undefined ? command : [...command, "--report", reported, ...words];
    const ended = Bun.spawnSync([...all], {
      cwd: this.#folder,
      stdio: ["ignore", out, out],
      env: { ...process.env, TICKPROOF_TRACES: this.scratch.file("traces") },
      timeout: HANG * 1000,
      killSignal: "SIGKILL",
    });
    const seconds = (performance.now() - began) / 1000;
    closeSync(out);
    if (ended.exitedDueToTimeout)
      return { exit: { signal: 9 }, output: readFileSync(path), seconds, report: undefined };
    const exit = ended.signalCode
      ? { signal: signalNumber(String(ended.signalCode)) ?? 0 }
      : { code: ended.exitCode };
    return { exit, output: readFileSync(path), seconds, report: readReport(reported) };
  }
}

/** Records a program some times, and replays each recording. */
function survey(program: Program, records: number, replays: number, keep: string | undefined): Result {
  using scratch = new Scratch();
  const subject = new Subject(program, scratch);
  const native = subject.native();
  const [recorded, replayed]: [number[], number[]] = [[], []];
  const result = (wrong?: string): Result => ({
    name: program.name,
    recorded: recorded.length,
    replayed: replayed.length,
    ...(wrong !== undefined && { wrong }),
    seconds: rounded(native.seconds),
    ...(recorded.length > 0 && { record: rounded(median(recorded) / native.seconds) }),
    ...(replayed.length > 0 && { replay: rounded(median(replayed) / native.seconds) }),
  });
  if (!isZero(native.exit))
    return result(`natively it ends by ${JSON.stringify(native.exit)}: ${tail(native)}`);
  for (let i = 0; i < records; i++) {
    const trace = scratch.file(`trace-${i}`);
    const recording = subject.record(trace);
    const wrong = wrongRecording(program, native, recording);
    if (wrong !== undefined) return kept(result(wrong), trace, keep);
    recorded.push(recording.seconds);
    for (let j = 0; j < replays; j++) {
      const replay = subject.replay(trace);
      const difference = wrongReplay(recording, replay);
      if (difference !== undefined) return kept(result(difference), trace, keep);
      replayed.push(replay.seconds);
    }
    rmSync(trace, { recursive: true, force: true });
  }
  return result();
}

/** What is wrong with a recording, or undefined. */
function wrongRecording(program: Program, native: Run, { exit, output, report }: Run): string | undefined {
  if (report === undefined) return "the recording has no end";
  if (report.kind === "error" || report.outcome !== "recorded") return `not recorded: ${report.message}`;
  const shown = { exit, output };
  if (!isZero(exit)) return `recorded it ends by ${JSON.stringify(exit)}: ${tail(shown)}`;
  if (program.varies || output.equals(native.output)) return undefined;
  return `recorded it prints something else: ${tail(shown)}`;
}

/** What is wrong with a replay, or undefined. */
function wrongReplay(recording: Run, { output, report }: Run): string | undefined {
  if (report === undefined) return "the replay has no end";
  if (report.kind === "error" || report.outcome !== "replayed") return `not replayed: ${report.message}`;
  return output.equals(recording.output) ? undefined : "the replay prints something else";
}

function kept(result: Result, trace: string, keep: string | undefined): Result {
  if (keep !== undefined && existsSync(trace)) {
    mkdirSync(keep, { recursive: true });
    renameSync(trace, join(keep, `${result.name.replaceAll(/\W+/g, "-")}-${Date.now()}`));
  }
  return result;
}

function isZero(exit: Exit): boolean {
  return "code" in exit && exit.code === 0;
}

/** The last of a run's output, on one line. */
function tail({ output }: { output: Buffer }): string {
  return output.toString().trim().slice(-300).replaceAll(/\s+/g, " ");
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: "string", default: "5" },
    replays: { type: "string", default: "2" },
    keep: { type: "string" },
  },
});
const programs = readPrograms();
const unknown = positionals.filter((name) => !programs.some((program) => program.name === name));
if (unknown.length > 0) throw new Error(`no such program in the survey: ${unknown.join(", ")}`);
for (const program of programs) {
  if (positionals.length > 0 && !positionals.includes(program.name)) continue;
  const result = survey(program, Number(values.records), Number(values.replays), values.keep);
  console.log(
    `${result.wrong === undefined ? "ok   " : "WRONG"} ${program.name}: ${result.wrong ?? `${result.recorded}, ${result.replayed}`}`,
  );
  const others = readResults().filter(({ name }) => name !== program.name);
  writeResults([...others, result]);
}
writeFileSync(PAGE, pageOf(programs, readResults()));
