/** One attempt at a whole command: recorded by a process of its own, which passes everything through. */
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { saysGone } from "../../engine/proc-file.ts";
import { isTerminal } from "../../ffi/mod.ts";
import type { Fault } from "../errors/mod.ts";
import { newRunTrace, Scratch } from "../files/mod.ts";
import { type Exit, type RecordReport, readReport } from "../outcome/mod.ts";
import { print, say } from "../output/mod.ts";
import { programOf } from "../processes/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import { signalNumber } from "../text/mod.ts";
import { traceName } from "./trace-name.ts";

/** What to record, and how. */
export interface AttemptOptions {
  command: readonly string[];
  /** Room for the trace, in MB. */
  budget: number;
  /** Whether others run beside it: its output is then shown in one piece at its end, and it reads nothing. */
  beside: boolean;
  /** Ends it: nobody wants its result any more. */
  stop: AbortSignal;
}

/** What came of it. */
export interface Attempt {
  /** Folder of its trace. */
  trace: string;
  /** How the program ended; undefined if the recording did not get there. */
  exit: Exit | undefined;
  /** The recorder's account; undefined where it ended before it gave one. */
  report: RecordReport | undefined;
  /** Why nothing could be recorded, or not to the end; "" if it could. The recorder has told of it, unless it crashed. */
  problem: string;
  /** Who is at fault for that; undefined where there is no problem. "internal" too where the recorder ended without a word. */
  fault: Fault | undefined;
  /** The recorder has ended without a word: it was killed, or has a fault. */
  crashed: boolean;
  /** The end of what the program printed. */
  output: string;
  /** Keeps the trace, as the latest one. */
  keep: () => void;
  /** Removes the trace. */
  discard: () => void;
}

/** Signals that end a recording: its recorder passes them on, and gives the program some time. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** Signals that mean something to the program alone. */
const PASSED = ["SIGUSR1", "SIGUSR2"] as const;

/** Whether an attempt went well: its program ended with exit code 0. */
export function isPass({ exit, problem }: Attempt): boolean {
  return problem === "" && exit !== undefined && "code" in exit && exit.code === 0;
}

/**
 * Records a command once.
 *
 * @throws {UsageError} If traces can't be kept.
 */
export async function attempt(options: AttemptOptions): Promise<Attempt> {
  const { command, budget, beside, stop } = options;
  const { directory, keep, discard } = newRunTrace(traceName(command));
  using scratch = new Scratch("run");
  const file = (name: string) => scratch.file(name);
  const words = [
    ...["record", "--quiet", "--report", file("report.json"), "--tail", file("tail")],
    ...["--budget", `${budget}`, "-o", directory, "--", ...command],
  ];
  const code = await runRecorder([...TICKPROOF, ...words], beside ? file : undefined, stop);
  if (beside) showOutput(file);
  const found = readReport(file("report.json"));
  const report = found?.kind === "record" ? found : undefined;
  const output = existsSync(file("tail")) ? readFileSync(file("tail"), "utf8") : "";
  const problem = problemOf(found, code);
  const crashed = found === undefined;
  const fault = problem === "" ? undefined : faultBehind(found);
  return { trace: directory, exit: report?.exit, report, problem, fault, crashed, output, keep, discard };
}

function problemOf(report: ReturnType<typeof readReport>, end: string): string {
  if (report === undefined) return `the recorder ended before it could say anything (${end})`;
  if (report.kind === "error") return report.message;
  return report.kind === "record" && report.outcome === "unsupported" ? report.message : "";
}

/** Who is at fault for a problem. */
function faultBehind(report: ReturnType<typeof readReport>): Fault {
  if (report === undefined) return "internal";
  return report.kind === "error" ? report.fault : "unsupported";
}

/** What a standard stream of the recorder is. */
type Stream = number | "inherit";

/** @returns How the recorder itself ended, for errors. */
async function runRecorder(
  words: readonly string[],
  file: ((name: string) => string) | undefined,
  stop: AbortSignal,
): Promise<string> {
  const streams: readonly Stream[] = file
    ? [openSync("/dev/null", "r"), openSync(file("stdout"), "w"), openSync(file("stderr"), "w")]
    : ["inherit", "inherit", "inherit"];
  const [stdin = "inherit", stdout = "inherit", stderr = "inherit"] = streams;
  const child = Bun.spawn([...words], { stdio: [stdin, stdout, stderr] });
  for (const stream of streams) if (stream !== "inherit") closeSync(stream);
  const end = () => child.kill("SIGTERM");
  stop.addEventListener("abort", end);
  const release = passSignals(child, () => programOf(child.pid));
  try {
    await child.exited;
  } finally {
    release();
    stop.removeEventListener("abort", end);
  }
  return child.signalCode === null ? `exit code ${child.exitCode}` : `${child.signalCode}`;
}

/**
 * Lets signals that this process gets reach a child, or its program.
 *
 * @param child Gets those that end it.
 * @param program Who gets those that mean something to the program alone.
 * @returns Ends that.
 */
export function passSignals(child: Bun.Subprocess, program: () => number | undefined): () => void {
  const handlers = [
    ...ENDING.map((name) => {
      const number = signalNumber(name) ?? 0;
      // A terminal has sent its signals to the whole foreground group already.
      const isShared = (name === "SIGINT" || name === "SIGQUIT") && isTerminal(0);
      return [name, () => void (isShared || child.kill(number))] as const;
    }),
    ...PASSED.map((name) => [name, () => signalProgram(program(), name)] as const),
  ];
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}

/** Signals a program, which may have just ended. */
function signalProgram(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch (error) {
    if (!saysGone(error)) throw error;
  }
}

function showOutput(file: (name: string) => string): void {
  print(readFileSync(file("stdout")));
  say(readFileSync(file("stderr")));
}
