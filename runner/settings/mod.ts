/**
 * Settings: what `tickproof.yaml` in the working directory says, under what the environment and the command line
 * say. A flag weighs most, then a variable, then the file, then the default.
 */
import { existsSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { configureHistory } from "../history/place.ts";
import { configureTraces } from "../traces.ts";
import type { SettingsFile } from "./schema.ts";

/** The file, in the working directory. */
export const SETTINGS_FILE = "tickproof.yaml";

/** Where a value comes from. */
export type Source =
  | { kind: "default" }
  | { kind: "file"; file: string; line: number }
  | { kind: "environment"; variable: string };

/** One setting as it holds now. */
export interface Setting {
  name: string;
  value: string | number | undefined;
  source: Source;
  /** Flag of `suites` that weighs more; undefined if there is none. */
  flag: string | undefined;
}

/** The file's contents with their lines. */
interface Loaded {
  file: SettingsFile;
  /** Line of a key, from 1. */
  line: (path: readonly string[]) => number;
}

async function load(): Promise<Loaded | undefined> {
  if (!existsSync(SETTINGS_FILE)) return undefined;
  // Only now: most runs have no such file, and need none of this.
  const { checkYaml, readYaml, YamlSource } = await import("../yaml/mod.ts");
  const { settingsSchema } = await import("./schema.ts");
  const yaml = readYaml(SETTINGS_FILE, "the settings");
  const file = checkYaml(yaml, settingsSchema, () => []);
  const source = new YamlSource(yaml.file, yaml.text);
  return { file, line: (path) => source.lineOf(path) };
}

/**
 * Reads the settings of the working directory.
 *
 * @returns What the file says; nothing is set where there is none.
 * @throws {UsageError} With file:line:column for everything that is wrong in it.
 */
export async function settings(): Promise<SettingsFile> {
  return (await load())?.file ?? {};
}

/** Lets traces and history go where the file of the working directory wants them, if there is one. */
export async function applySettings(): Promise<void> {
  const { traces, history } = await settings();
  if (traces !== undefined) configureTraces(traces);
  if (history !== undefined) configureHistory(history);
}

/** What a setting is where nobody sets it, its flag, and its variable. */
interface Kind {
  path: readonly string[];
  fallback: () => string | number | undefined;
  flag?: string;
  variable?: string;
}

const KINDS: readonly Kind[] = [
  { path: ["jobs"], fallback: availableParallelism, flag: "--jobs" },
  { path: ["timeout"], fallback: () => undefined, flag: "--timeout" },
  { path: ["retry"], fallback: () => 0, flag: "--retry" },
  { path: ["catch"], fallback: () => 10, flag: "--catch" },
  { path: ["skipExit"], fallback: () => "77" },
  { path: ["knownFailures"], fallback: () => undefined, flag: "--known-failures" },
  { path: ["engine"], fallback: () => undefined, flag: "--engine" },
  { path: ["keep"], fallback: () => "failed", flag: "--keep" },
  { path: ["keepMegabytes"], fallback: () => undefined },
  { path: ["reporter"], fallback: () => "pretty", flag: "--reporter" },
  {
    path: ["traces"],
    fallback: () => join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "tickproof/traces"),
    variable: "TICKPROOF_TRACES",
  },
  { path: ["history"], fallback: () => resolve(".tickproof/history.sqlite"), variable: "TICKPROOF_HISTORY" },
  { path: ["historyRuns"], fallback: () => DEFAULT_HISTORY_RUNS },
  { path: ["baseline", "ticks"], fallback: () => 1 },
  { path: ["baseline", "overhead"], fallback: () => 50 },
];

/** Runs that the history keeps where nobody says. */
export const DEFAULT_HISTORY_RUNS = 1000;

/** All settings as they hold now, each with where it comes from. */
export async function explainSettings(): Promise<Setting[]> {
  const loaded = await load();
  return KINDS.map(({ path, fallback, flag, variable }) => {
    const name = path.join(".");
    const given = variable === undefined ? undefined : process.env[variable];
    if (variable !== undefined && given) {
      return { name, value: resolve(given), source: { kind: "environment", variable }, flag };
    }
    const value = loaded === undefined ? undefined : at(loaded.file, path);
    if (loaded === undefined || value === undefined) {
      return { name, value: fallback(), source: { kind: "default" }, flag };
    }
    const shown = variable === undefined ? value : resolve(String(value));
    return {
      name,
      value: shown,
      source: { kind: "file", file: SETTINGS_FILE, line: loaded.line(path) },
      flag,
    };
  });
}

function at(file: SettingsFile, [first = "", second]: readonly string[]): string | number | undefined {
  const value = file[first as keyof SettingsFile];
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object") return value;
  return second === undefined ? undefined : value[second as keyof typeof value];
}
