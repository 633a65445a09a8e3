/** Crashes of programs that run by themselves: how one is watched, and what was seen of it. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CrashState, Exit } from "../../engine/mod.ts";

const WATCHER = resolve(import.meta.dir, "crash-watcher.ts");

/** A task at a signal that ended its process; there is no trace that has an event of it. */
export type WatchedCrash = Omit<CrashState, "event">;

/** What was seen of a program that ran to its end. */
export interface WatchedRun {
  readonly exit: Exit;
  /** The last of them, in their order. */
  readonly crashes: readonly WatchedCrash[];
}

/** The command that runs another one, and writes what it sees to a file. */
export function watchedCommand(command: readonly string[], file: string): string[] {
  return [process.execPath, WATCHER, file, ...command];
}

/** What was seen; undefined where the program could not be watched to its end. */
export function readWatched(file: string): WatchedRun | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as WatchedRun) : undefined;
}
