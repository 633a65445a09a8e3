/**
 * The machine's faults at each single place: one call by which a recorder writes (or a replayer reads) fails as on a full or
 * broken disk, or all from that one on. The kernel answers in place of the file system (`fail_call.c`), so that nothing in
 * the product knows of it.
 *
 * Whichever call it is: either nothing comes of it, and the recording is whole; or it ends with one error and exit code 2.
 * Nothing is left behind, and no trace that is not whole reads as if it were.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ERRNO } from "../../ffi/mod.ts";
import { leftBehind, type Run, start } from "../ends/session.ts";
import { compiled } from "../hostile/_observe.ts";

/** What fails. */
export interface Injection {
  side: "reads" | "writes";
  error: "ENOSPC" | "EIO";
  /** Which call, from 1. */
  at: number;
  /** Whether all later ones fail too. */
  onwards: boolean;
  /** Whether nothing of earlier recordings is kept: mapped files are copied, and translations written. */
  cold?: boolean;
}

/** What came of it. */
export interface Injected {
  /** The first call that failed. */
  call: string;
  exit: string;
  stderr: string;
  faults: string[];
}

/** One error for the user. */
const ONE_LINE = /^tickproof: [^\n]+\n$/;
const LAST = 1_000_000_000;

/** A program that prints, forks and reads, small enough that its recording has some 25 writes when its files are in the store. */
const PROGRAM = ["sh", "-c", "echo a; (echo b); read x < /etc/hostname; exit 3"];
const OUTPUT = "a\nb\n";
const END = "code 3";

/** Recordings and replays of one program in a folder, with faults. */
export class Faulty {
  private constructor(
    private readonly folder: string,
    private readonly failer: string,
    /** How many calls of each side an undisturbed run makes, and how many writes where nothing is kept. */
    readonly calls: Readonly<Record<Injection["side"] | "cold", number>>,
  ) {}

  /** Records and replays the program undisturbed, and counts. */
  static async prepare(folder: string): Promise<Faulty> {
    mkdirSync(folder, { recursive: true });
    const failer = await compiled("../faults/fail_call.c", join(folder, "failer"));
    const none: Injection = { side: "writes", error: "EIO", at: 0, onwards: false };
    // Twice, since the first one fills the store.
    const cold = await record(folder, failer, none);
    rmSync(join(folder, "traces"), { recursive: true });
    const written = await record(folder, failer, none);
    const read = await replayed(folder, failer, { ...none, side: "reads" });
    if (written.run.exit !== END || read.run.exit !== END || read.run.stdout !== OUTPUT)
      throw new Error(`it does not even replay undisturbed: ${written.run.stderr}${read.run.stderr}`);
    return new Faulty(folder, failer, {
      writes: written.calls.length,
      reads: read.calls.length,
      cold: cold.calls.length,
    });
  }

  /** Lets it happen. */
  async suffer(injection: Injection): Promise<Injected> {
    return injection.side === "writes" ? await this.writes(injection) : await this.reads(injection);
  }

  private async writes(injection: Injection): Promise<Injected> {
    const traces = join(this.folder, "traces-of-fault");
    if (injection.cold) rmSync(join(this.folder, "cache"), { recursive: true, force: true });
    const { run, calls, tracer, session } = await record(this.folder, this.failer, injection, traces);
    const faults = [...(await leftBehind(this.folder, session, tracer)), ...said(run)];
    if (existsSync(traces)) faults.push(...(await this.judge(traces, run)));
    rmSync(traces, { recursive: true, force: true });
    const { exit, stderr } = run;
    return { call: calls[injection.at - 1] ?? "", exit, stderr, faults };
  }

  /** What is wrong with the traces that a recording has left. */
  private async judge(traces: string, run: Run): Promise<string[]> {
    const names = readdirSync(traces);
    const [name, ...others] = names.filter((one) => one !== "latest");
    if (others.length > 0) return [`more than one trace: ${names}`];
    if (name === undefined) return names.length > 0 ? ["'latest' points to nothing"] : [];
    const trace = join(traces, name);
    if (readdirSync(trace).length === 0) return ["an empty folder is left"];
    const [replay, verify, info] = await Promise.all(
      ["replay", "verify", "info"].map((command) => start(this.folder, [command, trace]).ended()),
    );
    if (!replay || !verify || !info) throw new Error("three commands were to be run");
    const faults: string[] = [];
    if (!run.stdout.startsWith(replay.stdout)) faults.push("its replay prints something else");
    for (const one of [replay, verify, info])
      if (/\n\s+at /.test(one.stderr)) faults.push(`a stack trace: ${one.stderr}`);
    if (run.exit === END) {
      if (replay.exit !== END || verify.exit !== "code 0")
        faults.push(`the recording went well, its trace did not: ${replay.stderr}${verify.stdout}`);
      return faults;
    }
    // All events may be there, if what failed came behind them.
    const isWhole = replay.exit === END && verify.exit === "code 0";
    const inPart =
      replay.exit === "code 0" &&
      /in part/.test(replay.stderr) &&
      /cut off|ends here|incomplete/.test(info.stdout);
    const isRefused = replay.exit === "code 2" && ONE_LINE.test(replay.stderr);
    if (!isWhole && !inPart && !isRefused)
      faults.push(`a replay that says nothing of it: ${replay.exit} ${replay.stderr}; info: ${info.stdout}`);
    if (!isWhole && verify.exit !== "code 1" && verify.exit !== "code 2")
      faults.push(`verify calls it good: ${verify.exit} ${verify.stdout}`);
    return faults;
  }

  private async reads(injection: Injection): Promise<Injected> {
    const { run, calls, tracer, session } = await replayed(this.folder, this.failer, injection);
    const faults = [...(await leftBehind(this.folder, session, tracer)), ...said(run)];
    const { exit, stderr } = run;
    return { call: calls[injection.at - 1] ?? "", exit, stderr, faults };
  }
}

/** What is wrong with what a run has said. */
function said({ exit, stdout, stderr }: Run): string[] {
  const faults: string[] = [];
  if (!OUTPUT.startsWith(stdout)) faults.push("it printed something else");
  if (exit === END) {
    if (stdout !== OUTPUT) faults.push("it did not print all");
  } else if (exit !== "code 2") faults.push(`it ended by ${exit}`);
  else if (!ONE_LINE.test(stderr)) faults.push(`not one error: ${stderr}`);
  return faults;
}

interface Observed {
  run: Run;
  calls: string[];
  session: number;
  tracer: number;
}

const record = (folder: string, failer: string, injection: Injection, traces?: string): Promise<Observed> =>
  observed(folder, failer, injection, folder, ["record", "-q", "--", ...PROGRAM], traces);

const replayed = (folder: string, failer: string, injection: Injection): Promise<Observed> => {
  const traces = join(folder, "traces");
  const trace = join(traces, readdirSync(traces).find((name) => name !== "latest") ?? "");
  return observed(folder, failer, injection, trace, ["replay", "-q", trace]);
};

async function observed(
  folder: string,
  failer: string,
  { side, error, at, onwards }: Injection,
  watched: string,
  words: readonly string[],
  traces?: string,
): Promise<Observed> {
  const list = join(folder, "calls");
  const last = onwards ? LAST : at;
  const under = [failer, side, ERRNO[error], at, last, list, watched].map(String);
  const running = start(folder, words, traces, under);
  const run = await running.ended();
  const [first = "", ...calls] = readFileSync(list, "utf8").split("\n").slice(0, -1);
  return { run, calls, session: running.pid, tracer: Number(first) };
}
