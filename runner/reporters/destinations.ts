/**
 * Which reporters a run has, and where each writes: `--reporter pretty,junit:report.xml`. Several may render the same
 * events at once; a file is written whole or not at all, but for those that grow line by line.
 */
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { addToJobSummary, isRichTerminal, print } from "../output/mod.ts";
import type { Reporter, RunSummary } from "../run/mod.ts";
import { dotReporter } from "./dot.ts";
import { githubAnnotations, githubSummary } from "./github.ts";
import { jsonReporter, summaryJson } from "./json.ts";
import { jsonLinesReporter } from "./json-lines.ts";
import { junitXml } from "./junit.ts";
import { styleFor } from "./style.ts";
import { ktapText, tapText } from "./tap.ts";
import { summaryText, terminalReporter } from "./terminal.ts";

/** Where a reporter writes: to the standard output, or to a file. */
interface Destination {
  write: (text: string) => void;
  /** Colours may be used. */
  rich: boolean;
}

/** Renders a finished run. */
type Render = (summary: RunSummary, rich: boolean, startedAt: Date) => string;

/** Reporters that say all at the end. */
const AT_THE_END: Readonly<Record<string, Render>> = {
  tap: (summary) => tapText(summary),
  ktap: (summary) => ktapText(summary),
  junit: (summary, _, startedAt) => junitXml(summary, { startedAt, hostname: hostname() }),
  json: (summary) => `${JSON.stringify(summaryJson(summary), null, 2)}\n`,
  pretty: (summary, rich) => summaryText(summary, styleFor(rich)),
};

/** Reporters that say something as it happens. */
const AS_IT_GOES: Readonly<Record<string, (destination: Destination) => Reporter>> = {
  jsonl: ({ write }) => jsonLinesReporter(write),
  dot: ({ write, rich }) => dotReporter(write, styleFor(rich)),
  github: ({ write }) => githubReporter(write),
};

/** Names of all reporters. */
export const REPORTERS: readonly string[] = [
  ...Object.keys(AT_THE_END),
  ...Object.keys(AS_IT_GOES),
].toSorted();

/** Annotations, and the summary of the job where the workflow has a file for it. */
function githubReporter(write: (text: string) => void): Reporter {
  return (event) => {
    if (event.kind !== "run-finished") return;
    write(githubAnnotations(event.summary));
    addToJobSummary(githubSummary(event.summary));
  };
}

/**
 * Makes the reporters that a user asks for.
 *
 * @param wanted "pretty,junit:report.xml": names, each with a file behind a colon or to the standard output.
 * @returns One reporter that tells all of them.
 * @throws {UsageError} For an unknown name, two on the standard output, or a file that can't be written.
 */
export function reportersFor(wanted: string): Reporter {
  const parts = wanted.split(",").map((part) => {
    const [, name = "", path] = /^([^:]*)(?::(.*))?$/.exec(part.trim()) ?? [];
    if (!REPORTERS.includes(name)) {
      const hint = didYouMean(name, REPORTERS) || `: there are ${REPORTERS.join(", ")}`;
      throw new UsageError(`no reporter is called '${name}'${hint}`);
    }
    if (path === "")
      throw new UsageError(`--reporter ${part}: name a file behind the colon, or leave it out`);
    return { name, path };
  });
  const onScreen = parts.filter(({ path }) => path === undefined).map(({ name }) => name);
  if (onScreen.length > 1) {
    throw new UsageError(
      `--reporter: ${onScreen.join(" and ")} can't both write to the standard output: give all but one a file ` +
        `(${onScreen[1]}:FILE)`,
    );
  }
  const reporters = parts.map(({ name, path }) => reporterFor(name, path));
  return (event) => {
    for (const reporter of reporters) reporter(event);
  };
}

function reporterFor(name: string, path: string | undefined): Reporter {
  if (path === undefined && name === "pretty") return terminalReporter();
  if (path === undefined && name === "json") return jsonReporter();
  const render = AT_THE_END[name];
  if (render) return path === undefined ? onScreenAtTheEnd(render) : intoFileAtTheEnd(render, path);
  const make = AS_IT_GOES[name];
  if (!make) throw new RangeError(`Cannot make a reporter as none is called '${name}'`);
  if (path === undefined) return make({ write: print, rich: isRichTerminal(1) });
  const fd = openToWrite(path);
  const reporter = make({ write: (text) => void writeSync(fd, text), rich: false });
  return (event) => {
    reporter(event);
    if (event.kind === "run-finished") closeSync(fd);
  };
}

function onScreenAtTheEnd(render: Render): Reporter {
  const startedAt = new Date();
  return (event) => {
    if (event.kind === "run-finished") print(render(event.summary, isRichTerminal(1), startedAt));
  };
}

function intoFileAtTheEnd(render: Render, path: string): Reporter {
  const startedAt = new Date();
  const temporary = `${path}.${process.pid}.new`;
  closeSync(openToWrite(temporary));
  return (event) => {
    if (event.kind !== "run-finished") return;
    writeFileSync(temporary, render(event.summary, false, startedAt));
    renameSync(temporary, path);
  };
}

/** Opens a file for writing, before anything has run: a report that can't be written would be lost. */
function openToWrite(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw new UsageError(
      `--reporter: ${path} can't be written (${error instanceof Error ? error.message : String(error)}): ` +
        "name a file in a folder that exists and is writable",
    );
  }
}
