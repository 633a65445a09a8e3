/** Recordings and replays that a script makes, each in a process of its own, and what it can ask of them. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Difference } from "../../engine/mod.ts";
import { type SingleEvent, TraceReader } from "../../engine/trace/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { type Exit, type RecordReport, type ReplayReport, readReport } from "../outcome/mod.ts";
import { runProcess } from "../processes/mod.ts";
import { hostOption } from "./host.ts";
import { Moment, type MomentPlace, type WatchedWrite, writesTo } from "./moment.ts";
import { denyOption, type Permissions } from "./permissions.ts";
import { findProgram, type ProgramOptions } from "./program.ts";
import { checkSends, type Send, sendInTime, sendOption } from "./send.ts";

/** How a program is run under record. */
export interface RecordOptions extends ProgramOptions {
  /** Added to the environment of the script. @default none */
  env?: Readonly<Record<string, string>>;
  /** What it reads from its standard input. @default nothing */
  stdin?: string | Uint8Array;
  /** Working directory, relative to the script. @default the script's folder */
  cwd?: string;
  /** Signals to send to it. @default none */
  signals?: readonly Send[];
  /** Described host that it runs on, by name or path of a profile relative to the script. @default the test's */
  host?: string;
  /** What it may do; what the test denies stays denied. @default all that the test allows */
  permissions?: Permissions;
}

/** What a program left, recorded or replayed. */
export interface Run {
  /** How the program ended; undefined if it did not get there. */
  readonly exit: Exit | undefined;
  /** Retired conditional branches of all its tasks. */
  readonly ticks: number;
  /** Signals that reached the program, and preemptions of one thread for another. */
  readonly signals: number;
  readonly switches: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A replay that did not do what its recording did. */
export interface Divergence {
  /** Index of the event. */
  readonly event: number;
  /** "ticks mismatch at event 12 (write): expected 4180530, got 4240512 …" */
  readonly message: string;
  /** How they differ there; undefined where the task did not get to the event at all. */
  readonly difference: Difference | undefined;
  /** Ticks and registers that the recording has there; undefined as `difference` is. */
  readonly expected: Difference["expected"] | undefined;
  /** Those that the replay came with. */
  readonly found: Difference["found"] | undefined;
}

/** A replay. */
export interface Replay extends Run {
  /** Undefined if it did what the recording did, to its end. */
  readonly divergence: Divergence | undefined;
}

/** What recordings of a script need to know. */
export interface Workbench {
  /** Starts tickproof's command line: `[...engine, "record", …]`. */
  readonly engine: readonly string[];
  /** The script's folder. */
  readonly folder: string;
  /** An existing folder for the files of this test's recordings. */
  readonly files: string;
  readonly signal: AbortSignal;
  /** Folders of recordings that the test has given up: they wait for its verdict. */
  readonly disposed: string[];
  /** What the test says for all of its recordings. */
  readonly host?: string | undefined;
  readonly permissions?: Permissions | undefined;
}

/** Recordings that are given up and still there, of one test: what went wrong is nearly always in the last ones. */
const MOST_DISPOSED = 16;

/** No recording may take longer; the test's own time is over long before. */
const FOREVER_SECONDS = 86_400;

let made = 0;

/** A program's run with its trace, which is replayed as often as you like. `await using` deletes it at the end. */
export class Recording implements Run, AsyncDisposable {
  readonly exit: Exit | undefined;
  readonly ticks: number;
  readonly signals: number;
  readonly switches: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Folder of the trace. */
  readonly trace: string;
  readonly #bench: Workbench;
  readonly #place: string;

  private constructor(bench: Workbench, place: string, report: RecordReport) {
    this.#bench = bench;
    this.#place = place;
    this.trace = report.directory;
    this.exit = report.exit;
    this.ticks = report.ticks;
    this.signals = report.signals;
    this.switches = report.switches;
    this.stdout = readFileSync(join(place, "record.stdout"), "utf8");
    this.stderr = readFileSync(join(place, "record.stderr"), "utf8");
  }

  /**
   * Records a program to its end.
   *
   * @internal
   *
   * @throws {UsageError} If there is no such program, or the engine can't record it: the message says why.
   */
  static async make(
    bench: Workbench,
    program: string,
    args: readonly string[],
    options: RecordOptions,
  ): Promise<Recording> {
    const { env = {}, stdin, cwd = ".", signals = [], host = bench.host, permissions, flags } = options;
    checkSends(signals);
    const { path } = await findProgram(program, bench.folder, { ...(flags && { flags }) });
    const place = join(bench.files, `recording-${made++}`);
    mkdirSync(place, { recursive: true });
    const input = stdin === undefined ? undefined : join(place, "stdin");
    if (input !== undefined) writeFileSync(input, stdin ?? "");
    const report = await runEngine(bench, place, "record", {
      arguments: [
        ...["-o", join(place, "trace")],
        ...hostOption(host, bench.folder),
        ...denyOption(bench.permissions, permissions),
        ...sendOption(signals),
        ...["--", path, ...args],
      ],
      cwd: resolve(bench.folder, cwd),
      env,
      stdin: input,
      signals,
    });
    if (report.outcome !== "recorded") {
      throw new UsageError(`recording ${program}: ${report.message || report.outcome}`);
    }
    return new Recording(bench, place, report);
  }

  /** The events of the trace, in order. */
  *events(): Generator<SingleEvent, void, undefined> {
    const reader = TraceReader.open(this.trace);
    try {
      for (const [, event] of reader.singles()) yield event;
    } finally {
      reader.close();
    }
  }

  /** Replays the trace; as often as you like. */
  async replay(): Promise<Replay> {
    const place = join(this.#place, `replay-${made++}`);
    mkdirSync(place);
    const report = await runEngine(this.#bench, place, "replay", {
      arguments: [this.trace],
      cwd: dirname(this.trace),
      env: {},
      stdin: undefined,
      signals: [],
    });
    const divergence: Divergence | undefined =
      report.outcome === "replayed" ? undefined : divergenceOf(report);
    const { exit, ticks, signals, switches } = report;
    const text = (name: string) => readFileSync(join(place, name), "utf8");
    return {
      exit,
      ticks,
      signals,
      switches,
      divergence,
      stdout: text("replay.stdout"),
      stderr: text("replay.stderr"),
    };
  }

  /**
   * A moment of the recording, of which registers, memory, stack and variables can be asked.
   *
   * @example const value = await recording.at({ signal: "SIGABRT" }).evaluate("queue->length");
   * @throws {RangeError} For an event or a tick that is no whole number.
   */
  at(place: MomentPlace): Moment {
    return new Moment((words) => this.ask(words), place);
  }

  /**
   * The writes to a variable up to a moment, in their order: who, where, and what it was before and behind. Of more than 1,000
   * the last ones.
   *
   * @param expression What gdb finds an address and a size for: "q.length". @param until @default "end"
   * @throws {UsageError} If gdb finds none, or the processor can't watch so much.
   */
  async watch(expression: string, until: MomentPlace = "end"): Promise<WatchedWrite[]> {
    return await writesTo((words) => this.ask(words), expression, until);
  }

  /**
   * Asks a command of tickproof, in which "" stands for the trace.
   *
   * @internal
   *
   * @throws {UsageError} With what it says, if it has no answer.
   */
  async ask(words: readonly string[]): Promise<unknown> {
    const { engine, signal } = this.#bench;
    const child = Bun.spawn([...engine, ...words.map((word) => (word === "" ? this.trace : word))], {
      cwd: this.#bench.folder,
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    if (stdout.startsWith("{")) return JSON.parse(stdout);
    throw new UsageError(stderr.trim().replace(/^tickproof: /, "") || `no answer to ${words[0]}`);
  }

  /**
   * Gives the trace and the outputs up. They are deleted once it is known that the test has passed; of a test that makes
   * very many, the oldest are deleted before.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { disposed } = this.#bench;
    if (disposed.includes(this.#place)) return;
    disposed.push(this.#place);
    if (disposed.length > MOST_DISPOSED) rmSync(disposed.shift() ?? "", { recursive: true, force: true });
  }
}

function divergenceOf({ event, message, difference }: ReplayReport): Divergence {
  return { event, message, difference, expected: difference?.expected, found: difference?.found };
}

interface EngineCall {
  arguments: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  stdin: string | undefined;
  signals: readonly Send[];
}

function runEngine(
  bench: Workbench,
  place: string,
  command: "record",
  call: EngineCall,
): Promise<RecordReport>;
function runEngine(
  bench: Workbench,
  place: string,
  command: "replay",
  call: EngineCall,
): Promise<ReplayReport>;
async function runEngine(
  { engine, signal }: Workbench,
  place: string,
  command: "record" | "replay",
  call: EngineCall,
): Promise<RecordReport | ReplayReport> {
  const reportFile = join(place, `${command}.json`);
  const stdout = join(place, `${command}.stdout`);
  const stderr = join(place, `${command}.stderr`);
  const end = await runProcess({
    command: [...engine, command, "--quiet", "--report", reportFile, ...call.arguments],
    cwd: call.cwd,
    environment: call.env,
    stdin: call.stdin,
    stdout,
    stderr,
    timeoutSeconds: FOREVER_SECONDS,
    traces: true,
    abort: signal,
    onStart: (recorder, ended) => sendInTime(call.signals, { recorder, stdout, ended }),
  });
  if (end.kind !== "exited") throw new Error(`the ${command} was ended: the test's time is up`);
  const report = readReport(reportFile);
  if (report?.kind === command) return report;
  const words = report?.kind === "error" ? report.message : readFileSync(stderr, "utf8").trim();
  throw new UsageError(`cannot ${command}: ${words}`);
}
