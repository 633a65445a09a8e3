/**
 * Where traces are kept: `$TICKPROOF_TRACES`, else `tickproof/traces` in the user's data folder. Each
 * recording gets a folder `<program>-<n>` of its own there, and `latest` is a link to the newest.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { isErrnoException, reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import { fileNameOf } from "../text/mod.ts";

const LATEST = "latest";

let configured: string | undefined;

/** Sets where traces go, if the environment does not say. */
export function configureTraces(root: string): void {
  configured = resolve(root);
}

/** The folder that holds the traces that were recorded without `-o`. */
export function tracesRoot(): string {
  const { TICKPROOF_TRACES, XDG_DATA_HOME } = process.env;
  if (TICKPROOF_TRACES) return resolve(TICKPROOF_TRACES);
  if (configured !== undefined) return configured;
  return join(XDG_DATA_HOME || join(homedir(), ".local/share"), "tickproof/traces");
}

/**
 * Makes a new numbered folder, also while others do the same.
 *
 * @param root The folder to make it in; made if missing.
 * @param stem The name before the number.
 * @returns The path of `<root>/<stem>-<n>` for the next free n.
 */
export function makeNumbered(root: string, stem: string): string {
  try {
    mkdirSync(root, { recursive: true });
  } catch (error) {
    throw new UsageError(
      `traces can't be kept in ${root} (${reasonOf(error)}): ` +
        "set TICKPROOF_TRACES to a folder that can be written",
    );
  }
  const taken = readdirSync(root).map((name) =>
    name.startsWith(`${stem}-`) ? Number(name.slice(stem.length + 1)) : Number.NaN,
  );
  let number = Math.max(-1, ...taken.filter(Number.isSafeInteger)) + 1;
  for (;;) {
    const directory = join(root, `${stem}-${number}`);
    try {
      // It holds all that the program had in its memory.
      mkdirSync(directory, { mode: 0o700 });
      return directory;
    } catch (error) {
      if (!existsSync(directory)) throw error;
      number++;
    }
  }
}

/** A folder for a recording. */
export interface NewTrace {
  directory: string;
  /** Takes the folder away again, where the recording could not even start. */
  discard: () => void;
}

function pointLatest(root: string, target: string): void {
  const temporary = join(root, `.${LATEST}-${process.pid}`);
  try {
    rmSync(temporary, { force: true });
    symlinkSync(target, temporary);
    renameSync(temporary, join(root, LATEST));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Lets `latest` point to the trace that was the latest before one that is taken away: there, or the newest of all. */
function pointBack(root: string, previous: string | undefined): void {
  const others = readdirSync(root).filter(
    (name) => name !== LATEST && existsSync(join(root, name, "meta.json")),
  );
  const age = (name: string): number => statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = others.toSorted((a, b) => age(b) - age(a))[0];
  const target = previous !== undefined && existsSync(join(root, previous)) ? previous : newest;
  rmSync(join(root, LATEST), { force: true });
  if (target !== undefined) pointLatest(root, target);
}

function readLatest(root: string): string | undefined {
  try {
    return readlinkSync(join(root, LATEST));
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Makes the default folder for a recording and lets `latest` point to it.
 *
 * @param program The program as it was named on the command line.
 */
export function newDefaultTrace(program: string): NewTrace {
  const root = tracesRoot();
  const directory = makeNumbered(root, basename(program) || "trace");
  const previous = readLatest(root);
  const discard = (): void => {
    rmSync(directory, { recursive: true, force: true });
    // Else another recording has begun meanwhile, and is the latest.
    if (readLatest(root) === basename(directory)) pointBack(root, previous);
  };
  try {
    pointLatest(root, basename(directory));
  } catch (error) {
    discard();
    throw error;
  }
  return { directory, discard };
}

/** Folder of the traces of `tickproof run`, in that of all traces. */
export const RUNS = "runs";

/**
 * Makes a folder for the recording of a whole command, of which nobody knows yet whether it is kept.
 *
 * @param name Of the folder, before its number.
 */
export function newRunTrace(name: string): NewTrace & { keep: () => void } {
  const root = tracesRoot();
  const directory = makeNumbered(join(root, RUNS), name);
  return {
    directory,
    keep: () => pointLatest(root, join(RUNS, basename(directory))),
    discard: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Lets `latest` point to the newest trace, if the one that it has pointed to is gone. */
export function forgetLatest(root: string): void {
  const latest = readLatest(root);
  if (latest !== undefined && !existsSync(join(root, latest))) pointBack(root, undefined);
}

/** Where a trace may be that is called by its short name, or by its path below the folder of all traces. */
function byName(name: string): string | undefined {
  if (name === "" || name.split("/").includes("..")) return undefined;
  const root = tracesRoot();
  return [join(root, RUNS, name), join(root, name)].find((path) => existsSync(path));
}

/** What reads packed traces, loaded where there is one. */
function loadPacked(): typeof import("../packed/mod.ts") {
  return createRequire(import.meta.url)("../packed/mod.ts");
}

/** What is at a path; undefined for nothing, and where a part of it is no folder. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isErrnoException(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

/**
 * Finds a trace to read.
 *
 * @param path The folder or the packed trace that the user named, the name of one among the traces, or a test as {@link findKept} takes
 *   it; the latest trace if undefined.
 * @returns An absolute path of a folder that exists.
 * @throws {UsageError} If there is none.
 */
export function findTrace(path: string | undefined): string {
  if (path !== undefined) {
    const stat = statOf(path);
    if (stat?.isFile()) return loadPacked().unpacked(resolve(path));
    if (stat) return resolve(path);
    const named = byName(path) ?? findKept(path);
    if (named !== undefined) return named;
    throw new UsageError(
      `there is no trace '${path}': no such folder, nor one of that name in ${tracesRoot()}, and no run has kept a ` +
        "trace of a test of that name",
    );
  }
  const root = tracesRoot();
  const latest = join(root, LATEST);
  if (!existsSync(latest)) {
    throw new UsageError(`there is no latest trace in ${root}: record one first, or name a trace folder`);
  }
  return resolve(root, readLatest(root) ?? LATEST);
}

/** Folder of the traces that runs of tests have kept, below that of all traces. */
export const KEPT_FOLDER = "suites";

/**
 * Finds the trace that the newest run with one has kept of a test.
 *
 * @param name "suite/test", or the test's name alone; with `#N` behind it, of attempt N.
 * @returns Of several attempts the first one's; undefined if there is none.
 */
export function findKept(name: string): string | undefined {
  const [, test = "", wanted] = /^(.*?)(?:#(\d+))?$/s.exec(name) ?? [];
  const slash = test.indexOf("/");
  const full = slash < 0 ? undefined : `${test.slice(0, slash)}.${fileNameOf(test.slice(slash + 1))}`;
  const folder = join(tracesRoot(), KEPT_FOLDER);
  const runs = namesIn(folder)
    .map((run) => ({ run, number: Number(/^run-(\d+)$/.exec(run)?.[1] ?? -1) }))
    .toSorted((a, b) => b.number - a.number);
  for (const { run } of runs) {
    const attempts = namesIn(join(folder, run))
      .flatMap((attempt) => {
        const [, prefix = "", number = "0", retry = "0"] = /^(.*)\.(\d+)(?:-(\d+))?$/s.exec(attempt) ?? [];
        const fits = full === undefined ? prefix.endsWith(`.${fileNameOf(test)}`) : prefix === full;
        if (!fits || (wanted !== undefined && wanted !== number)) return [];
        return [{ attempt, order: Number(number) * 1e6 + Number(retry) }];
      })
      .toSorted((a, b) => a.order - b.order);
    for (const { attempt } of attempts) {
      const trace = traceIn(join(folder, run, attempt));
      if (trace !== undefined) return trace;
    }
  }
  return undefined;
}

/** The trace of an attempt: of several recordings, the last one is nearest to what went wrong. */
export function traceIn(attempt: string): string | undefined {
  const recordings = join(attempt, "recordings");
  const places = existsSync(recordings)
    ? namesIn(recordings).map((name) => join(recordings, name, "trace"))
    : [join(attempt, "trace")];
  return places.toSorted(byNumber).findLast((path) => existsSync(path));
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
