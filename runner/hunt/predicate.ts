/**
 * When a run counts as a failure. Without a wish of the user's: when it does not end with exit code 0, or takes too long.
 * With wishes, these alone decide, and one that holds is enough.
 */
import { UsageError } from "../errors/mod.ts";
import type { Exit, RecordReport } from "../outcome/mod.ts";
import { SIGNAL_NAMES, signalName, signalNumber } from "../text/mod.ts";

/** What makes a run a failure. */
export interface Predicate {
  /** Exit codes; undefined if no code is one by itself. */
  codes?: ReadonlySet<number> | undefined;
  /** Signals that the program has died of; "any" of them. */
  signals?: ReadonlySet<number> | "any" | undefined;
  /** What standard output or error has somewhere. */
  output?: RegExp | undefined;
  /** A line for `/bin/sh` that looks at the run: exit code 0 is a pass, 125 says nothing, all else is a failure. */
  script?: string | undefined;
  /** Whether the user has said how long a run may take: then a longer one is a failure. */
  isTimed: boolean;
}

/** What is known of a run that the predicate looks at. */
export interface Evidence {
  /** How the program ended; undefined where it was ended because it took too long, or would never end. */
  exit: Exit | undefined;
  /** Why it would never end, if that is known. */
  endless?: RecordReport["endless"];
  stdout: string;
  stderr: string;
}

/** Exit code of a script that can't say; as for `git bisect run`. */
const CANNOT_SAY = 125;

/** What a run counts as; `why` in a few words. */
export type Judgement =
  | { kind: "passed" }
  | { kind: "failed"; why: string }
  | { kind: "undecided"; why: string };

/** Words of the command line, each undefined where it was not given. */
export interface PredicateWords {
  exit: string | undefined;
  signal: string | undefined;
  output: string | undefined;
  script: string | undefined;
  timeout: number | undefined;
}

/** Reads a predicate. @throws {UsageError} For a code, a signal or a pattern that is none. */
export function parsePredicate({ exit, signal, output, script, timeout }: PredicateWords): Predicate {
  return {
    codes: exit === undefined ? undefined : new Set(exit.split(",").map(parseCode)),
    signals: signal === undefined || signal === "any" ? signal : new Set(signal.split(",").map(parseSignal)),
    output: output === undefined ? undefined : parsePattern(output),
    script,
    isTimed: timeout !== undefined,
  };
}

function parseCode(text: string): number {
  const code = Number(text);
  if (/^\d{1,3}$/.test(text) && code <= 255) return code;
  throw new UsageError(`--exit takes exit codes of 0 to 255, with commas: it has '${text}'`);
}

function parseSignal(text: string): number {
  const number = signalNumber(text) ?? signalNumber(`SIG${text}`);
  if (number !== undefined) return number;
  throw new UsageError(
    `--signal takes names such as ${SIGNAL_NAMES[10]}, with commas, or any: it has '${text}'`,
  );
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "m");
  } catch (error) {
    throw new UsageError(`--output takes a regular expression: '${text}': ${(error as Error).message}`);
  }
}

/** Whether the user has said what a failure is, apart from how long a run may take. */
function hasWish({ codes, signals, output, script }: Predicate): boolean {
  return [codes, signals, output, script].some((wish) => wish !== undefined);
}

/**
 * Judges a run that has come to its end, or was ended because its time was up.
 *
 * @param runScript Gives the exit code of the user's script for this run; asked only where nothing else has decided.
 */
export async function judge(
  predicate: Predicate,
  { exit, endless, stdout, stderr }: Evidence,
  runScript: (script: string) => Promise<number | undefined>,
): Promise<Judgement> {
  const { codes, signals, output, script, isTimed } = predicate;
  if (output !== undefined && [stdout, stderr].some((text) => output.test(text)))
    return { kind: "failed", why: `printed what matches /${output.source}/` };
  if (exit === undefined) {
    const why = endless === "stuck" ? "hangs: every thread waits for another one" : "took too long";
    return { kind: isTimed || !hasWish(predicate) ? "failed" : "undecided", why };
  }
  if ("code" in exit) {
    if (hasWish(predicate) ? codes?.has(exit.code) : exit.code !== 0)
      return { kind: "failed", why: `ended with exit code ${exit.code}` };
  } else if (!hasWish(predicate) || signals === "any" || signals?.has(exit.signal)) {
    return { kind: "failed", why: `died of ${signalName(exit.signal)}` };
  }
  if (script === undefined) return { kind: "passed" };
  const code = await runScript(script);
  if (code === 0) return { kind: "passed" };
  if (code === CANNOT_SAY) return { kind: "undecided", why: "the script can't say" };
  if (code === undefined) return { kind: "undecided", why: "the script was ended" };
  return { kind: "failed", why: `was judged so by the script, with exit code ${code}` };
}
