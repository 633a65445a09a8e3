/**
 * GitHub Actions: annotations by workflow commands, and a job summary in Markdown.
 *
 * Source: docs.github.com, "Workflow commands for GitHub Actions".
 */
import { relative } from "node:path";
import { isHarmless, type RunSummary, type TestResult } from "../run/mod.ts";
import { reasonsOf } from "./details.ts";
import { diffLines } from "./diff-lines.ts";
import { failureLines } from "./failure-lines.ts";
import { stepLines } from "./step-lines.ts";
import { styleFor } from "./style.ts";
import { othersLine, totalsLine } from "./totals.ts";

const data = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

function level({ verdict }: TestResult): "error" | "notice" | undefined {
  if (verdict.kind === "pass" && verdict.flags === undefined) return undefined;
  return isHarmless(verdict) ? "notice" : "error";
}

/** A workflow command for each test that did not pass, or whose pass is marked, at its place in the sources. */
export function githubAnnotations({ results }: RunSummary): string {
  return results
    .flatMap((result) => {
      const kind = level(result);
      if (kind === undefined) return [];
      const { test, verdict } = result;
      const place = placeOf(result);
      const where =
        place === undefined ? "" : `file=${property(inWorkspace(place.file))},line=${place.line},`;
      const title = property(`${verdict.kind}: ${test.id}`);
      return [`::${kind} ${where}title=${title}::${data(wordsOf(result))}\n`];
    })
    .join("");
}

/** Why, with what else there is to see of the first attempt that went wrong. */
function wordsOf({ verdict, attempts }: TestResult): string {
  const style = styleFor(false);
  const wrong = isHarmless(verdict) ? undefined : attempts.find((attempt) => !isHarmless(attempt.verdict));
  return [
    ...reasonsOf(wrong?.verdict ?? verdict),
    ...(wrong?.differences ?? []).flatMap((difference) => diffLines(difference, style)),
    ...(wrong === undefined ? [] : failureLines(wrong, style)),
  ].join("\n");
}

/** Where it went wrong: the line that crashed, that of the script which threw, else where the test is written down. */
function placeOf({ test, attempts }: TestResult): { file: string; line: number } | undefined {
  const wrong = attempts.filter((attempt) => !isHarmless(attempt.verdict));
  const source = wrong.find(({ crash }) => crash?.source)?.crash?.source;
  if (source !== undefined) return source;
  for (const { verdict } of wrong) {
    if (verdict.kind !== "fail" || test.location === undefined) continue;
    const place = frameIn(verdict.reasons.join("\n"), test.location.file);
    if (place !== undefined) return place;
  }
  return test.location;
}

/** The first "file:line:column" of a script in a text. */
function frameIn(text: string, file: string): { file: string; line: number } | undefined {
  const at = text.indexOf(`${file}:`);
  const line = at < 0 ? undefined : /^:(\d+)/.exec(text.slice(at + file.length))?.[1];
  return line === undefined ? undefined : { file, line: Number(line) };
}

/** A path as annotations want it: from the top of the repository. */
function inWorkspace(file: string): string {
  const path = relative(process.env.GITHUB_WORKSPACE || process.cwd(), file);
  return path.startsWith("..") ? file : path;
}

/** A text in a cell of a Markdown table. */
const cell = (text: string): string =>
  Bun.escapeHTML(text).replaceAll("|", "\\|").replaceAll(/\r?\n/g, "<br>");

/** The job summary. */
export function githubSummary(summary: RunSummary): string {
  const { results } = summary;
  const rows = results.map(({ test, verdict, attempts, passed: good }) => {
    const tally = attempts.length > 1 ? ` ${good}/${attempts.length}` : "";
    const steps = stepLines(attempts.at(-1)?.steps ?? [], styleFor(false));
    return `| ${cell([test.id, ...steps].join("\n"))} | ${verdict.kind}${tally} | ${cell(reasonsOf(verdict).join("\n"))} |`;
  });
  return [
    `### tickproof: ${totalsLine(summary)}`,
    "",
    othersLine(summary),
    "",
    "| test | verdict | reason |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
