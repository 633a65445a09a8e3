/**
 * One recording or replay that something happens to at some moment: what is left of it, and what is wrong with that.
 *
 * Whatever happens, and whenever: no process of the session is left, no segment of System V memory, no file that is only
 * half there, no stack trace; and the trace replays up to where it goes, or is none at all.
 */
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { leftBehind, members, type Run, start } from "./session.ts";

/** What happens. */
export interface Blow {
  /** What is under way. */
  phase: "record" | "replay";
  signal: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGSTOP";
  /** The tracer alone, all of its process group (as a terminal does), or one process of the program. */
  target: "tracer" | "group" | "tracee";
  /** Milliseconds from the tracer's start. */
  after: number;
}

/** What came of it: `early` and `late` say that it hit before the program began, or after its end. */
export interface Aftermath {
  exit: string;
  stderr: string;
  faults: string[];
  late: boolean;
}

/** How long a stopped tracer stays so. */
const STOPPED = 100;
/** What the two signals look like that end a run. */
const ENDINGS = { SIGINT: ["signal SIGINT", "code 130"], SIGTERM: ["signal SIGTERM", "code 143"] } as const;

/** A program whose runs are disturbed, in a folder of its own. */
export class Victim {
  readonly #folder: string;
  readonly #command: readonly string[];
  #count = 0;
  /** Where a whole recording of it is. */
  readonly whole: string;
  /** What it prints, and how it ends. */
  readonly output: string;
  readonly exit: string;
  /** How long a recording and a replay take here, in milliseconds. */
  readonly duration: { record: number; replay: number };

  private constructor(folder: string, command: readonly string[], first: Run, replayed: Run) {
    this.#folder = folder;
    this.#command = command;
    this.whole = join(folder, "whole");
    this.output = first.stdout;
    this.exit = first.exit;
    this.duration = { record: first.milliseconds, replay: replayed.milliseconds };
  }

  /** Records a command once, undisturbed. */
  static async prepare(folder: string, command: readonly string[]): Promise<Victim> {
    mkdirSync(folder, { recursive: true });
    const trace = join(folder, "whole");
    // Once more for the time that it takes when its translations are kept.
    await start(folder, ["record", "-q", "-o", trace, "--", ...command]).ended();
    rmSync(trace, { recursive: true });
    const first = await start(folder, ["record", "-q", "-o", trace, "--", ...command]).ended();
    const replayed = await start(folder, ["replay", "-q", trace]).ended();
    if (replayed.stdout !== first.stdout || replayed.exit !== first.exit || first.stdout === "")
      throw new Error(`the victim does not even replay undisturbed: ${first.stderr}${replayed.stderr}`);
    return new Victim(folder, command, first, replayed);
  }

  /** Lets something happen to a run of it. */
  async suffer(blow: Blow): Promise<Aftermath> {
    const name = `run-${this.#count++}`;
    const traces = join(this.#folder, name);
    mkdirSync(traces);
    const words = blow.phase === "record" ? ["record", "--", ...this.#command] : ["replay", "-q", this.whole];
    const running = start(this.#folder, words, traces);
    await Bun.sleep(blow.after);
    const hit = strike(running.pid, blow);
    const run = await running.ended();
    const faults = [...(await leftBehind(this.#folder, running.pid)), ...this.#said(run, blow, hit)];
    if (blow.phase === "record") faults.push(...(await this.#judgeTraces(traces, run)));
    rmSync(traces, { recursive: true, force: true });
    return { exit: run.exit, stderr: run.stderr, faults, late: !hit || run.exit === this.exit };
  }

  /** What is wrong with how the run ended, and with what it printed. */
  #said({ exit, stderr, stdout }: Run, { signal, target, phase }: Blow, hit: boolean): string[] {
    const faults: string[] = [];
    if (/\n\s+at |fault of tickproof|panic/.test(stderr)) faults.push("a stack trace");
    if (!this.output.startsWith(stdout)) faults.push("it printed something else");
    const undisturbed = exit === this.exit && stdout === this.output;
    if (signal === "SIGSTOP" || !hit) {
      if (!undisturbed) faults.push(`it ended by ${exit}, where ${this.exit} was due`);
    } else if (signal === "SIGKILL") {
      // What replays a trace has no part in is a divergence, and said to be one.
      const expected = target === "tracee" ? [/signal SIGKILL|code (0|137)/, /code 1/] : [/signal SIGKILL/];
      const wanted = phase === "replay" && target === "tracee" ? expected[1] : expected[0];
      if (!undisturbed && !wanted?.test(exit)) faults.push(`it ended by ${exit}`);
    } else if (!undisturbed && !ENDINGS[signal].some((ending) => ending === exit)) {
      faults.push(`it ended by ${exit}, where ${signal} was due`);
    }
    return faults;
  }

  /** What is wrong with the trace that is left, if one is. */
  async #judgeTraces(traces: string, run: Run): Promise<string[]> {
    const names = readdirSync(traces).filter((name) => name !== "latest");
    const [name] = names;
    if (name === undefined) {
      return existsSync(join(traces, "latest")) || danglesIn(traces) ? ["'latest' points to nothing"] : [];
    }
    const trace = join(traces, name);
    const replay = await start(this.#folder, ["replay", trace]).ended();
    if (replay.exit === "code 2" && run.exit === "signal SIGKILL") {
      // It was cut off before its first event: that is said, in one line.
      return /^tickproof: [^\n]+\n$/.test(replay.stderr) ? [] : [`unclear: ${replay.stderr}`];
    }
    const faults: string[] = [];
    if (!run.stdout.startsWith(replay.stdout)) faults.push("its replay prints something else");
    // It may have been killed when all was written, or cut off: then its replay ends as the program does, or in part.
    const isWhole = run.exit === "signal SIGKILL" && replay.exit === this.exit && run.stdout === this.output;
    const isCut = replay.exit === "code 0" && replay.stderr.includes("in part");
    if (replay.exit !== run.exit && !isWhole && !isCut)
      faults.push(`its replay ended by ${replay.exit}, not ${run.exit}: ${replay.stderr}`);
    return faults;
  }
}

/** Lets it happen. @returns Whether there was anything left for it to happen to. */
function strike(pid: number, { signal, target }: Blow): boolean {
  const victim =
    target === "tracer" ? pid : target === "group" ? -pid : members(pid).find((member) => member !== pid);
  if (victim === undefined) return false;
  try {
    process.kill(victim, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
  if (signal === "SIGSTOP") {
    setTimeout(() => {
      if (isMember(victim)) process.kill(victim, "SIGCONT");
    }, STOPPED);
  }
  return true;
}

/** Whether a process, or one of a group, still is there. */
function isMember(victim: number): boolean {
  try {
    process.kill(victim, 0);
    return true;
  } catch {
    return false; // it has ended meanwhile
  }
}

function danglesIn(folder: string): boolean {
  try {
    readlinkSync(join(folder, "latest"));
    return true;
  } catch {
    return false; // there is no link
  }
}
