/**
 * Settings: what `tickproof.yaml` in the working directory says, under what the environment and the command line
 * say. A flag weighs most, then a variable, then the file, then the default. In the file, what is said of this host
 * weighs more than the profile, and that more than the top.
 */
import { existsSync } from "node:fs";
import { availableParallelism, homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { configureTraces } from "../files/mod.ts";
import { configureHistory, placeName } from "../history/place.ts";
import type { HookProgram } from "../manifest/mod.ts";
import { checkedBefore, keepChecked } from "./checked.ts";
import type { Settings, SettingsFile } from "./schema.ts";

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

/** Settings of one place in the file: its top, a profile, or a host. */
interface Layer {
  path: readonly string[];
  values: Settings;
}

/** What holds now, from weak to strong, with the lines of the file. */
interface Loaded {
  layers: readonly Layer[];
  /** Line of a key, from 1. */
  line: (path: readonly string[]) => number;
}

/** The profile that the command line names. */
let chosen: string | undefined;

/** Profiles that are taken without being named; a file may leave them out. */
const OWN_PROFILES: readonly string[] = ["ci", "local"];

/** The profile that holds: of the command line, of the environment, or by where we are. */
function profile(): string {
  const { TICKPROOF_PROFILE, CI } = process.env;
  if (chosen !== undefined) return chosen;
  if (TICKPROOF_PROFILE) return TICKPROOF_PROFILE;
  return CI === undefined || ["", "0", "false"].includes(CI) ? "local" : "ci";
}

/** @throws {UsageError} If a profile was named that the file does not have. */
function layersOf({ profiles = {}, hosts = {}, ...top }: SettingsFile): Layer[] {
  const name = profile();
  const own = profiles[name];
  if (own === undefined && !OWN_PROFILES.includes(name)) {
    const known = [...new Set([...Object.keys(profiles), ...OWN_PROFILES])];
    throw new UsageError(
      `${SETTINGS_FILE} has no profile '${name}'${didYouMean(name, known) || `: it has ${known.join(", ")}`}`,
    );
  }
  const here = Object.entries(hosts).filter(([host]) => new Bun.Glob(host).match(hostname()));
  return [
    { path: [], values: top },
    ...(own === undefined ? [] : [{ path: ["profiles", name], values: own }]),
    ...here.map(([host, values]) => ({ path: ["hosts", host], values })),
  ];
}

/** The layers of the file; a file that was checked before is not read as YAML again. */
async function layers(): Promise<readonly Layer[]> {
  if (!existsSync(SETTINGS_FILE)) {
    layersOf({});
    return [];
  }
  const known = checkedBefore(SETTINGS_FILE);
  return known === undefined ? ((await load())?.layers ?? []) : layersOf(known);
}

async function load(): Promise<Loaded | undefined> {
  if (!existsSync(SETTINGS_FILE)) {
    layersOf({});
    return undefined;
  }
  // Only now: they take longer to load than a short program takes to be recorded.
  const { checkYaml, readYaml, YamlSource } = await import("../yaml/mod.ts");
  const { settingsSchema } = await import("./schema.ts");
  const yaml = readYaml(SETTINGS_FILE, "the settings");
  const file = checkYaml(yaml, settingsSchema, () => []);
  keepChecked(SETTINGS_FILE, file);
  const source = new YamlSource(yaml.file, yaml.text);
  return { layers: layersOf(file), line: (path) => source.lineOf(path) };
}

/**
 * Reads the settings of the working directory.
 *
 * @returns What holds here, of the profile and on this host; nothing is set where there is no file.
 * @throws {UsageError} With file:line:column for everything that is wrong in it.
 */
export async function settings(): Promise<Settings> {
  const merged: Settings = {};
  for (const { values } of await layers()) {
    const baseline = { ...merged.baseline, ...values.baseline };
    Object.assign(merged, values, Object.keys(baseline).length > 0 && { baseline });
  }
  return merged;
}

/** Lets traces and history go where the file of the working directory wants them, if there is one. */
export async function applySettings(): Promise<void> {
  const { traces, history, store } = await settings();
  if (traces !== undefined) configureTraces(traces);
  if (history !== undefined) configureHistory({ file: history });
  if (store !== undefined) configureHistory({ store });
}

/** Takes the profile that a command line names, if it names one. */
export async function useProfile(name: string | undefined): Promise<void> {
  if (name === undefined) return;
  chosen = name;
  await applySettings();
}

/** The option of all commands that have settings. */
export const PROFILE_OPTION = {
  kind: "text",
  value: "NAME",
  help: "settings of this profile in tickproof.yaml (default: $TICKPROOF_PROFILE, else ci where CI is set, else local)",
} as const;

/** What a setting is where nobody sets it, its flag, and its variable. */
interface Kind {
  path: readonly string[];
  fallback: () => string | number | undefined;
  flag?: string;
  variable?: string;
  /** How a value is shown; a path by default, where there is a variable. */
  shown?: (value: string) => string;
}

/** A store without its password. */
function shownStore(url: string): string {
  return URL.canParse(url) ? placeName({ kind: "postgres", url }) : "–";
}

const KINDS: readonly Kind[] = [
  { path: ["include"], fallback: () => undefined },
  { path: ["jobs"], fallback: availableParallelism, flag: "--jobs" },
  { path: ["timeout"], fallback: () => undefined, flag: "--timeout" },
  { path: ["retry"], fallback: () => 0, flag: "--retry" },
  { path: ["catch"], fallback: () => 10, flag: "--catch" },
  { path: ["skipExit"], fallback: () => "77" },
  { path: ["setup"], fallback: () => undefined },
  { path: ["teardown"], fallback: () => undefined },
  { path: ["slow"], fallback: () => 20 },
  { path: ["leaks"], fallback: () => "show" },
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
  { path: ["store"], fallback: () => undefined, variable: "TICKPROOF_STORE", shown: shownStore },
  { path: ["historyRuns"], fallback: () => DEFAULT_HISTORY_RUNS },
  { path: ["baseline", "ticks"], fallback: () => 1 },
  { path: ["baseline", "overhead"], fallback: () => 50 },
];

/** Runs that the history keeps where nobody says. */
export const DEFAULT_HISTORY_RUNS = 1000;

/** All settings as they hold now, each with where it comes from. */
export async function explainSettings(): Promise<Setting[]> {
  const loaded = await load();
  return KINDS.map(({ path, fallback, flag, variable, shown = resolve }) => {
    const name = path.join(".");
    const given = variable === undefined ? undefined : process.env[variable];
    if (variable !== undefined && given) {
      return { name, value: shown(given), source: { kind: "environment", variable }, flag };
    }
    const layer = loaded?.layers.findLast(({ values }) => at(values, path) !== undefined);
    if (loaded === undefined || layer === undefined) {
      return { name, value: fallback(), source: { kind: "default" }, flag };
    }
    const value = at(layer.values, path);
    const line = loaded.line([...layer.path, ...path]);
    return {
      name,
      value: variable === undefined ? value : shown(String(value)),
      source: { kind: "file", file: SETTINGS_FILE, line },
      flag,
    };
  });
}

function at(values: Settings, [first = "", second]: readonly string[]): string | number | undefined {
  const value = values[first as keyof Settings];
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value !== "object") return value;
  return second === undefined ? undefined : value[second as keyof typeof value];
}

/** An entry of a list: a program is its command line. */
function inWords(entry: string | number | HookProgram): string {
  return typeof entry === "object" ? [entry.command, ...entry.args].join(" ") : String(entry);
}
