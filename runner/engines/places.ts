/** Puts names to the places that the embedded engine's reports tell: where a replay diverged, where threads stood. */

import { existsSync } from "node:fs";
import type { CodePlace, TaskPlace } from "../../engine/mod.ts";
import { formatEvent, TraceReader } from "../../engine/trace/mod.ts";
import type { RecordReport, ReplayReport } from "../outcome/mod.ts";
import type { DivergencePlace, ThreadPlace } from "../results/mod.ts";
import { type FilePlace, type SymbolPlace, symbolize } from "../symbols/mod.ts";

/** The C library and what loads programs: their lines are not those that a person looks for. */
const SYSTEM_MODULES = /^(libc|libpthread|ld-linux|ld-musl|libc-musl)\b/;

/** Whether a place is in the program's own text, or that of a library of its own, with a line. */
export function isOwn({ module, file }: SymbolPlace): boolean {
  return file !== undefined && !SYSTEM_MODULES.test(module);
}

/** Events that are told before the one that a replay could not follow. */
const EVENTS_BEFORE = 5;

/**
 * How recording and replay differ, with the program's text at the recorded pc and what came before.
 *
 * @throws {TraceError} If the trace is damaged.
 */
export async function divergencePlace({
  difference,
  directory,
  event,
}: ReplayReport): Promise<DivergencePlace | undefined> {
  const pc = difference?.expected.registers.rip;
  if (difference === undefined || pc === undefined) return undefined;
  const { codeAround } = await import("../../engine/code-listing.ts");
  const code = codeAround(directory, { event, task: difference.task, pc });
  const reader = TraceReader.open(directory);
  try {
    const lastEvents: string[] = [];
    for (const [index, before] of reader.singles()) {
      if (index >= event) break;
      lastEvents.push(formatEvent(before, index));
      if (lastEvents.length > EVENTS_BEFORE) lastEvents.shift();
    }
    if (code === undefined) return { difference, lastEvents };
    const file = reader.files.findIndex(({ path }) => path === code.path);
    const stored = file < 0 ? undefined : reader.filePath(file);
    const [place] = symbolize([{ path: code.path, offset: Number(code.offset), stored }]);
    return { difference, code, lastEvents, ...(place && { place }) };
  } finally {
    reader.close();
  }
}

/** Where the tasks of a recording or a replay stood that was told to stop. */
export function threadPlaces({ places = [], directory }: RecordReport | ReplayReport): ThreadPlace[] {
  return nameThreads(places, storedFiles(directory));
}

/**
 * Puts names to where tasks stand.
 *
 * @param stored Copies of files, by their index in a trace. @default the files themselves are looked at
 */
export function nameThreads(
  places: readonly TaskPlace[],
  stored: StoredFiles = () => undefined,
): ThreadPlace[] {
  const wanted = places.flatMap(({ at, callers }) => [
    filePlace(at, stored, 0),
    // A return address may be of the next line: the call is before it.
    ...callers.map((caller) => filePlace(caller, stored, 1)),
  ]);
  const named = symbolize(wanted.filter((place) => place !== undefined)).values();
  const results = wanted.map((place) => (place === undefined ? undefined : named.next().value));
  const next = results.values();
  return places.map((task: TaskPlace) => {
    const place = next.next().value;
    const callers = task.callers.map(() => next.next().value).filter((caller) => caller !== undefined);
    const at = callers.findIndex(isOwn);
    const caller = callers[at] ?? callers[0];
    const via = callers[at - 1];
    const { task: id, process, state, syscall } = task;
    return {
      task: id,
      process,
      state,
      pc: task.at.pc,
      ...(syscall !== undefined && { syscall }),
      ...(place && { place }),
      // What has a line of its own needs no caller to be found by.
      ...(caller && !(place && isOwn(place)) && { caller, ...(via && { via }) }),
    };
  });
}

type StoredFiles = (index: number) => string | undefined;

function storedFiles(directory: string): StoredFiles {
  if (!existsSync(directory)) return () => undefined;
  const reader = TraceReader.open(directory);
  reader.close();
  return (index) => (index < reader.files.length ? reader.filePath(index) : undefined);
}

function filePlace(
  { path, file, offset }: CodePlace,
  stored: StoredFiles,
  before: number,
): FilePlace | undefined {
  if (path === undefined || offset === undefined) return undefined;
  return { path, offset: offset - before, stored: file === undefined ? undefined : stored(file) };
}
