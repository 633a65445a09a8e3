/**
 * What makes the engine faster and nothing else: each can be switched off by `TICKPROOF_NO=name[,name]`, so that a
 * fault can be traced to one of them. Ticks, events and output are the same with and without.
 */
import { didYouMean } from "../ffi/mod.ts";
import { EngineError } from "./engine-error.ts";

/** What each name switches off. */
export const OPTIMISATIONS = {
  kept: "translations that earlier runs have left in the cache folder",
  shared:
    "translations of a file's text for all processes of a recording at once; without them nothing is kept",
  placed: "places for libraries that are the same in all programs, so that these share their translations",
  buffer: "system calls without a stop, and what `instructions` does",
  flows:
    "calls that might wait without a stop: reads and writes of pipes and sockets, polls, wakes of futexes",
  opens: "opens of files that are there, for reading, without a stop",
  ahead: "one stop, not two, for calls on memory that need no look at their end before the next stop",
  once: "one stop, not two, for changes of signal masks and calls that the kernel is not asked for",
  lists: "several calls of the engine's at one stop, where it takes a program over or builds it again",
  instructions: "`cpuid` and `rdtsc` without a trap",
  eager: "linking of branches, and translation of what is called, before control comes there",
} as const;

/** The name of one of {@link OPTIMISATIONS}. */
export type Optimisation = keyof typeof OPTIMISATIONS;

/** The variable that switches them off. */
const VARIABLE = "TICKPROOF_NO";

let off: { text: string; names: ReadonlySet<string> } | undefined;

/**
 * Reads which ones are switched off. Called where a recording or a replay starts: a wrong name is an error there,
 * not a run that proves less than it seems to.
 *
 * @throws EngineError for a name that is none.
 */
export function readOptimisations(): void {
  const text = process.env[VARIABLE] ?? "";
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = Object.keys(OPTIMISATIONS);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    const hint = didYouMean(wrong, known) || `: it is one of ${known.join(", ")}`;
    throw new EngineError(`${VARIABLE} names '${wrong}', which is no optimisation${hint}`);
  }
  off = { text, names: new Set(names) };
}

/** Whether an optimisation is in use. */
export function uses(name: Optimisation): boolean {
  if (off === undefined || off.text !== (process.env[VARIABLE] ?? "")) readOptimisations();
  return !off?.names.has(name);
}
