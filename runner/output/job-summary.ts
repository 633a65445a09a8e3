/** The summary of a CI job: what GitHub Actions shows above the log, as Markdown in a file that it names. */
import { appendFileSync } from "node:fs";
import { say } from "./output.ts";

/** A fence that no line of the text can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/**
 * Adds Markdown to the job's summary, where there is one (docs.github.com, "Workflow commands for GitHub Actions": job
 * summaries). It only repeats what the log says: where its file can't be written, a warning says so, and the run goes on.
 */
export function addToJobSummary(markdown: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (path === undefined || path === "") return;
  try {
    appendFileSync(path, markdown);
  } catch (error) {
    say(
      `tickproof: warning: the job's summary (GITHUB_STEP_SUMMARY) can't be written: ${(error as Error).message}\n`,
    );
  }
}

/**
 * Adds a part to the job's summary, as {@link addToJobSummary} does.
 *
 * @param title Of the part.
 * @param text As it was said on the terminal.
 */
export function addTextToJobSummary(title: string, text: string): void {
  addToJobSummary(`### ${title}\n\n${fenced(text)}\n\n`);
}
