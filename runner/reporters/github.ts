/**
 * GitHub Actions: annotations by workflow commands, and a job summary in Markdown.
 *
 * Source: docs.github.com, "Workflow commands for GitHub Actions".
 */
import { isHarmless, type RunSummary, type TestResult } from "../run/mod.ts";
import { reasonsOf } from "./details.ts";
import { seconds } from "./table-rows.ts";

const data = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

function level({ verdict }: TestResult): "error" | "notice" | undefined {
  if (verdict.kind === "pass" && verdict.flags === undefined) return undefined;
  return isHarmless(verdict) ? "notice" : "error";
}

/** A workflow command for each test that did not pass, or whose pass is marked. */
export function githubAnnotations({ results }: RunSummary): string {
  return results
    .flatMap((result) => {
      const kind = level(result);
      if (kind === undefined) return [];
      const title = property(`${result.verdict.kind}: ${result.test.id}`);
      return [`::${kind} title=${title}::${data(reasonsOf(result.verdict).join("\n"))}\n`];
    })
    .join("");
}

/** A text in a cell of a Markdown table. */
const cell = (text: string): string =>
  Bun.escapeHTML(text).replaceAll("|", "\\|").replaceAll(/\r?\n/g, "<br>");

/** The job summary. */
export function githubSummary({ results, passed, failed, skipped, milliseconds }: RunSummary): string {
  const rows = results.map(({ test, verdict, attempts, passed: good }) => {
    const tally = attempts.length > 1 ? ` ${good}/${attempts.length}` : "";
    return `| ${cell(test.id)} | ${verdict.kind}${tally} | ${cell(reasonsOf(verdict).join("\n"))} |`;
  });
  return [
    `### tickproof: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds(milliseconds)}`,
    "",
    "| test | verdict | reason |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
