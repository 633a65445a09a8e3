/** What is wrong with one test, beyond its schema: programs, files and hosts that are not there, names of no event. */
import { existsSync, statSync } from "node:fs";
import { normalize, resolve } from "node:path";
import { didYouMean, eventNames } from "../../ffi/mod.ts";
import { isProfilePath, profileNames } from "../host/mod.ts";
import { languageOf } from "../programs/compiler.ts";
import type { Path } from "../yaml/mod.ts";
import { checkConditions } from "./conditions.ts";
import type { GivenTest } from "./schema.ts";

/** Something wrong at a place below the test; at its name: with the whole test. */
interface Wrong {
  path: Path;
  message: string;
}

/**
 * Checks a test that has the manifest's defaults.
 *
 * @param folder The folder that its paths are relative to.
 */
export function checkTest(entry: GivenTest, folder: string): Wrong[] {
  const { requires = [], unsupported = [], flag = [], xfail = [] } = entry;
  return [
    ...checkConditions({ requires, unsupported, flag, xfail }),
    ...checkProgram(entry, folder),
    ...checkFiles(entry, folder),
    ...checkHosts(entry, folder),
    ...checkExpectations(entry),
  ];
}

function checkProgram({ name, program, build, command }: GivenTest, folder: string): Wrong[] {
  const given = [program, build, command].filter((way) => way !== undefined);
  if (given.length !== 1) {
    const message = `'${name}' needs either 'program' (a source), 'build' (sources and flags) or 'command'`;
    return [{ path: ["name"], message }];
  }
  const sources =
    program === undefined
      ? (build?.sources ?? []).map((source, at) => ({ source, path: ["build", "sources", at] }))
      : [{ source: program, path: ["program"] }];
  return sources.flatMap(({ source, path }) => {
    const where = resolve(folder, source);
    if (!isFile(where)) return [{ path, message: `there is no ${where}` }];
    if (build?.language !== undefined || languageOf(source) !== undefined) return [];
    const known = "C (.c), C++ (.cc, .cpp, .cxx) or assembly (.S, .s)";
    return [
      { path, message: `'${source}' is no source in ${known}; 'build' with 'language' takes any name` },
    ];
  });
}

function isFile(path: string): boolean {
  return existsSync(path) && !statSync(path).isDirectory();
}

function checkFiles({ files = {} }: GivenTest, folder: string): Wrong[] {
  const names = new Set(Object.keys(files).map((name) => normalize(name)));
  const folders = Object.keys(files).flatMap((name) => {
    const parts = normalize(name).split("/");
    const taken = parts.map((_, at) => parts.slice(0, at).join("/")).find((folder) => names.has(folder));
    const message = `'${taken}' is a file, and can't be a folder of another one`;
    return taken === undefined ? [] : [{ path: ["files", name], message }];
  });
  const missing = Object.entries(files).flatMap(([name, content]) => {
    if (typeof content === "string" || isFile(resolve(folder, content.copy))) return [];
    return [{ path: ["files", name, "copy"], message: `there is no ${resolve(folder, content.copy)}` }];
  });
  return [...folders, ...missing];
}

function checkHosts({ host, matrix }: GivenTest, folder: string): Wrong[] {
  const hosts = [
    { host, path: ["host"] },
    ...(matrix?.host ?? []).map((host, at) => ({ host, path: ["matrix", "host", at] })),
    ...(matrix?.include ?? []).map(({ host }, at) => ({ host, path: ["matrix", "include", at, "host"] })),
  ];
  return hosts.flatMap(({ host, path }) => {
    const message = typeof host === "string" ? missingHost(host, folder) : undefined;
    return message === undefined ? [] : [{ path, message }];
  });
}

function checkExpectations({ expect = {}, host, matrix, signals = [] }: GivenTest): Wrong[] {
  const { counters = {}, overhead } = expect;
  const wrong = Object.keys(counters).flatMap((event) => {
    const message = noEvent(event);
    return message ? [{ path: ["expect", "counters", event], message }] : [];
  });
  const hosts = [host, ...(matrix?.host ?? []), ...(matrix?.include ?? []).map((point) => point.host)];
  const why = hosts.some((name) => typeof name === "string")
    ? "on a described host"
    : signals.some(({ at }) => at.ticks !== undefined)
      ? "with a signal at a tick"
      : undefined;
  const vain = (
    [
      ["overhead", overhead],
      ["counters", expect.counters],
    ] as const
  ).filter(([, given]) => why !== undefined && given !== undefined);
  return [
    ...wrong,
    ...vain.map(([key]) => ({
      path: ["expect", key],
      message: `'${key}' is of the native run, and there is none ${why}`,
    })),
  ];
}

/**
 * Why a name is that of no event; empty if it may be one. Only what is nearly another name is an error: which
 * events there are depends on the host, and a manifest is for many.
 */
function noEvent(name: string): string {
  const [base = ""] = /^[\w-]+/.exec(name) ?? [];
  const known = eventNames();
  if (known.includes(base) || /^[\w-]+(\/|:[a-z]\w{3})/.test(name)) return "";
  const hint = didYouMean(base, known);
  return hint && `no event is named '${base}'${hint}`;
}

/** Why a described host can't be found; undefined if it can. */
function missingHost(host: string, folder: string): string | undefined {
  if (isProfilePath(host)) {
    const path = resolve(folder, host);
    return existsSync(path) ? undefined : `there is no ${path}`;
  }
  const names = profileNames();
  if (names.includes(host)) return undefined;
  return `no host is described as '${host}'${didYouMean(host, names) || `; there are: ${names.join(", ")}`}`;
}
