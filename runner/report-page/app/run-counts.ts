/** How the attempts of each run came out. */
import type { PageData } from "../page-data.ts";

const GOOD: ReadonlySet<string> = new Set(["pass", "xfail"]);
const SILENT: ReadonlySet<string> = new Set(["skip", "unsupported", "broken"]);

/** Attempts of each run that passed, that failed, and that say nothing of the test. */
export interface RunCounts {
  passed: number[];
  failed: number[];
  silent: number[];
}

/** Counts them, by the index of the run. */
export function countsByRun({
  runs,
  verdicts,
  attempts,
}: Pick<PageData, "runs" | "verdicts" | "attempts">): RunCounts {
  const counts = { passed: runs.map(() => 0), failed: runs.map(() => 0), silent: runs.map(() => 0) };
  attempts.run.forEach((run, index) => {
    const verdict = verdicts[attempts.verdict[index] ?? 0] ?? "";
    const list = GOOD.has(verdict) ? counts.passed : SILENT.has(verdict) ? counts.silent : counts.failed;
    list[run] = (list[run] ?? 0) + 1;
  });
  return counts;
}
