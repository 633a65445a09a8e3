/** What `--require` wants to be run: engines and capabilities, of which a run that skips all of their tests is no success. */
import { didYouMean } from "../../../ffi/mod.ts";
import { UsageError } from "../../errors/mod.ts";
import { capabilityNames, ENGINE_NAMES } from "../../host/mod.ts";
import { counted } from "../../text/mod.ts";
import type { RunSummary, TestResult } from "../types.ts";

/**
 * Reads the list.
 *
 * @param text "rr,pmu"
 * @throws {UsageError} For a name that is neither an engine's nor a capability's.
 */
export function parseRequired(text: string): string[] {
  const known: readonly string[] = [...ENGINE_NAMES, ...capabilityNames()];
  return text.split(",").map((part) => {
    const name = part.trim();
    if (known.includes(name)) return name;
    const hint = didYouMean(name, known) || "; 'tickproof doctor' lists the capabilities";
    throw new UsageError(`--require: no engine and no capability is called '${name}'${hint}`);
  });
}

/**
 * Finds what was not run.
 *
 * @returns A sentence for each name all of whose tests were skipped, or that has none.
 */
export function notRun(required: readonly string[], { results }: RunSummary): string[] {
  return required.flatMap((name) => {
    const concerned = results.filter((result) => needs(result, name));
    if (concerned.some(({ verdict }) => verdict.kind !== "skip")) return [];
    const [first] = concerned;
    if (first === undefined) return [`no test of this run needs '${name}'`];
    const why = first.verdict.kind === "skip" ? `: ${first.verdict.reason}` : "";
    const all = concerned.length === 1 ? "the test" : `all ${counted(concerned.length, "test")}`;
    return [`${all} that '${name}' is needed for ${concerned.length === 1 ? "was" : "were"} skipped${why}`];
  });
}

function needs({ test, engine, verdict }: TestResult, name: string): boolean {
  if (engine === name) return true;
  const { requires } = test.conditions;
  if (requires.some(({ when }) => when.includes(name))) return true;
  return verdict.kind === "skip" && verdict.missing.includes(name);
}
