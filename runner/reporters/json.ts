/** The summary as one JSON object, for programs. */
import { print } from "../output/mod.ts";
import type { Reporter, RunSummary } from "../run/mod.ts";

/** The summary in the form that `--json` prints. */
export function summaryJson({ results, ...totals }: RunSummary): object {
  return {
    ...totals,
    tests: results.map(({ test, engine, engineLabel, verdict, passed, attempts }) => ({
      id: test.id,
      suite: test.suite,
      name: test.name,
      engine,
      engineLabel,
      ...(test.host !== undefined && { host: test.host }),
      verdict,
      passed,
      attempts,
    })),
  };
}

/** A reporter that prints the summary, and nothing before it. */
export function jsonReporter(): Reporter {
  return (event) => {
    if (event.kind === "run-finished") print(`${JSON.stringify(summaryJson(event.summary), null, 2)}\n`);
  };
}
