/** Looking after the store of the history: `tickproof history export`, `import` and `prune`. */
import { closeSync, createReadStream, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { OK, UsageError } from "../errors/mod.ts";
import { checkWritable } from "../files/mod.ts";
import { exportHistory, importHistory } from "../history/exchange.ts";
import { type Copied, History, historyPlace, placeName } from "../history/mod.ts";
import { print, say } from "../output/mod.ts";
import { counted } from "../text/mod.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Does one of them. @returns The exit code. */
export async function upkeepOf(
  what: "export" | "import" | "prune",
  files: readonly string[],
  keep: string | undefined,
): Promise<number> {
  if (what !== "prune" && keep !== undefined) throw new UsageError("--keep is of 'tickproof history prune'");
  if (what === "prune") return await prune(files, keep);
  return what === "export" ? await exportTo(files) : await importFrom(files);
}

async function exportTo([file, second]: readonly string[]): Promise<number> {
  if (second !== undefined)
    throw new UsageError(`history export takes one file: '${second}' is one too many`);
  if (file !== undefined) checkWritable("history export", file);
  await using history = await History.open(historyPlace());
  if (file === undefined) {
    await exportHistory(history, print);
    return OK;
  }
  // Line by line beside its place, and there when it is whole: a history may be larger than the memory.
  const temporary = `${file}.${process.pid}.new`;
  const opened = openSync(temporary, "w");
  try {
    const copied = await exportHistory(history, (text) => writeSync(opened, text));
    renameSync(temporary, file);
    say(`tickproof: ${file}: ${wordsOf(copied)}\n`);
  } finally {
    closeSync(opened);
    rmSync(temporary, { force: true });
  }
  return OK;
}

async function importFrom(files: readonly string[]): Promise<number> {
  if (files.length === 0)
    throw new UsageError("history import takes files of 'tickproof history export', or - for standard input");
  const place = historyPlace();
  await using history = await History.open(place);
  for (const file of files) {
    const copied = await importHistory(history, inputOf(file), file === "-" ? "standard input" : file);
    say(`tickproof: ${file}: ${wordsOf(copied)} new in ${placeName(place)}\n`);
  }
  return OK;
}

/** The contents of a file; what can't be read is said before anything is added. */
function inputOf(file: string): NodeJS.ReadableStream {
  if (file === "-") return process.stdin;
  try {
    return createReadStream(file, { fd: openSync(file, "r") });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `history import can't read '${file}' (${reason}): name a file of 'tickproof history export'`,
    );
  }
}

function wordsOf({ runs, attempts, baselines }: Copied): string {
  return `${counted(runs, "run")}, ${counted(attempts, "attempt")}, ${counted(baselines, "baseline")}`;
}

async function prune([other]: readonly string[], keep: string | undefined): Promise<number> {
  if (other !== undefined) throw new UsageError(`history prune takes no name: '${other}' is one too many`);
  const wanted = kept(keep, new Date());
  const place = historyPlace();
  await using history = await History.open(place);
  const removed = await history.prune(wanted);
  say(`tickproof: ${counted(removed, "run")} removed from ${placeName(place)}\n`);
  return OK;
}

/** What `--keep` says: a number of runs, or the time from which on they are kept. */
function kept(keep: string | undefined, now: Date): number | string {
  const [, number, days] = /^(\d{1,9})(d?)$/.exec(keep ?? "") ?? [];
  if (number === undefined) {
    const given = keep === undefined ? "there is none" : `it is '${keep}'`;
    throw new UsageError(
      `history prune needs --keep with a number of runs (1000) or of days (90d): ${given}`,
    );
  }
  if (days === "") return Number(number);
  const since = now.getTime() - Number(number) * DAY_MS;
  // Longer ago than any run: nothing is older.
  return since < 0 ? "" : new Date(since).toISOString();
}
