/**
 * Signals that a script sends to the program under record: after some time, once an output is seen, or (by the
 * engine itself) at an exact tick.
 */
import { readFileSync } from "node:fs";
import { saysGone } from "../../engine/proc-file.ts";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { programOf } from "../processes/mod.ts";
import { SIGNAL_NAMES, signalNumber } from "../text/mod.ts";

/** When a signal is sent. */
export type When =
  /** Milliseconds after the program's start. */
  | { ms: number }
  /** Right before the conditional branch behind so many of the program's first task: an exact place. */
  | { ticks: number }
  /** As soon as the program's standard output has something that this matches. */
  | { output: RegExp };

/** Signals by name, as Linux has them. */
export type SignalName =
  | "SIGHUP"
  | "SIGINT"
  | "SIGQUIT"
  | "SIGILL"
  | "SIGTRAP"
  | "SIGABRT"
  | "SIGIOT"
  | "SIGBUS"
  | "SIGFPE"
  | "SIGKILL"
  | "SIGUSR1"
  | "SIGSEGV"
  | "SIGUSR2"
  | "SIGPIPE"
  | "SIGALRM"
  | "SIGTERM"
  | "SIGSTKFLT"
  | "SIGCHLD"
  | "SIGCONT"
  | "SIGSTOP"
  | "SIGTSTP"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGURG"
  | "SIGXCPU"
  | "SIGXFSZ"
  | "SIGVTALRM"
  | "SIGPROF"
  | "SIGWINCH"
  | "SIGIO"
  | "SIGPOLL"
  | "SIGPWR"
  | "SIGSYS";

/** A signal to send. */
export interface Send {
  send: SignalName;
  at: When;
}

/** Where the program is, and what tells that it has ended. */
export type Target = (
  | { program: number }
  /** Process that records it: its only child is the program. */
  | { recorder: number }
) & {
  /** File that the program's standard output goes to. */
  stdout: string;
  ended: AbortSignal;
};

/** The option of `record` for the signals that come at a tick; no words where there are none. */
export function sendOption(signals: readonly Send[]): string[] {
  const atTicks = signals.flatMap(({ send, at }) => ("ticks" in at ? [`${send}@${at.ticks}`] : []));
  return atTicks.length > 0 ? ["--send", atTicks.join(",")] : [];
}

/** How often an output is looked at, in milliseconds. */
const LOOK_MS = 2;

/**
 * Checks what a script wants to be sent.
 *
 * @throws {UsageError} For an unknown signal, or a time that is none.
 */
export function checkSends(signals: readonly Send[]): void {
  for (const { send, at } of signals) {
    if (signalNumber(send) === undefined) {
      throw new UsageError(`cannot send '${send}': no such signal${didYouMean(send, SIGNAL_NAMES)}`);
    }
    if ("output" in at) continue;
    const amount = "ms" in at ? at.ms : at.ticks;
    if (!(Number.isFinite(amount) && amount >= 0)) {
      throw new UsageError(`cannot send ${send} as its time must be a number of at least 0: it is ${amount}`);
    }
  }
}

/**
 * Sends signals when their time has come; those at a tick are the engine's.
 *
 * @returns When all are sent, or the program has ended.
 */
export async function sendInTime(signals: readonly Send[], target: Target): Promise<void> {
  const own = signals.filter(({ at }) => !("ticks" in at));
  if (own.length === 0) return;
  const program =
    "program" in target ? target.program : await until(target, () => programOf(target.recorder));
  if (program === undefined) return;
  const started = performance.now();
  await Promise.all(
    own.map(async ({ send, at }) => {
      const due = await until(target, () => (isDue(at, target, started) ? true : undefined));
      if (due) signalIfAlive(program, send);
    }),
  );
}

function isDue(at: When, { stdout }: Target, started: number): boolean {
  if ("ms" in at) return performance.now() - started >= at.ms;
  if ("output" in at)
    return new RegExp(at.output.source, at.output.flags.replace(/[gy]/g, "")).test(
      readFileSync(stdout, "utf8"),
    );
  return false;
}

/** Asks again and again until there is an answer, or the program has ended. */
async function until<T>({ ended }: Target, ask: () => T | undefined): Promise<T | undefined> {
  while (!ended.aborted) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await Bun.sleep(LOOK_MS);
  }
  return undefined;
}

function signalIfAlive(pid: number, name: SignalName): void {
  try {
    process.kill(pid, signalNumber(name) ?? 0);
  } catch (error) {
    if (!saysGone(error)) throw error;
  }
}
