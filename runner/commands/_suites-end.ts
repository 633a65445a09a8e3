/** What the end of a run of tests comes to: known failures in their file, and the exit code. */
import { BROKEN, FAILED, OK, UsageError } from "../errors/mod.ts";
import { say } from "../output/mod.ts";
import type { Verdict } from "../results/mod.ts";
import { KnownFailures, type RunSummary } from "../run/mod.ts";
import type { Settings } from "../settings/schema.ts";
import type { SuitesOptions } from "./_suites-options.ts";

/** The file of known failures, where one is asked for. */
export function knownFailures(options: SuitesOptions, file: Settings): KnownFailures | undefined {
  const path = options["known-failures"] ?? file.knownFailures;
  if (path !== undefined) return new KnownFailures(path, options["update-known-failures"]);
  if (!options["update-known-failures"]) return undefined;
  throw new UsageError("--update-known-failures needs the file: --known-failures FILE");
}

/** Says what became of the file of known failures. */
export function tellOfKnown({ removed, added }: ReturnType<KnownFailures["update"]>): void {
  const tell = (ids: readonly string[], words: string) => {
    if (ids.length > 0) say(`tickproof: known failures: ${ids.join(", ")} ${words}\n`);
  };
  tell(removed, `${removed.length === 1 ? "passes" : "pass"} now, and went out of the file`);
  tell(added, `${added.length === 1 ? "was" : "were"} added`);
}

/** Verdicts that say nothing of what is tested: a failure weighs more. */
const UNJUDGED: ReadonlySet<Verdict["kind"]> = new Set(["broken", "unsupported"]);

/** The exit code that a run comes to. */
export function exitCodeOf({ results, failed, scriptProblems, teardownProblems }: RunSummary): number {
  if (failed === 0 && scriptProblems.length > 0) return FAILED;
  if (failed === 0) return teardownProblems.length > 0 ? BROKEN : OK;
  const unjudged = results.filter(({ verdict }) => UNJUDGED.has(verdict.kind)).length;
  return unjudged === failed ? BROKEN : FAILED;
}
