/** The summary of a CI job: what GitHub Actions shows above the log, as Markdown in a file that it names. */
import { appendFileSync } from "node:fs";

/** A fence that no line of the text can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/**
 * Adds to the job's summary, where there is one (docs.github.com, "Workflow commands for GitHub Actions": job summaries).
 *
 * @param title Of the part.
 * @param text As it was said on the terminal.
 */
export function addToJobSummary(title: string, text: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (path === undefined || path === "") return;
  appendFileSync(path, `### ${title}\n\n${fenced(text)}\n\n`);
}
