/** From manifests to the tests that are to be run. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors.ts";
import { isProfilePath } from "../host/mod.ts";
import type { LoadedManifest, TestEntry } from "../manifest/mod.ts";
import type { Target, TestCase } from "./types.ts";

/** The manifests that run when none is named. */
const DEFAULT_FOLDER = resolve(import.meta.dir, "../../manifests");

/** Paths of tickproof's own manifests. */
export function defaultManifests(): string[] {
  const names = readdirSync(DEFAULT_FOLDER).filter((name) => name.endsWith(".yaml"));
  return names.sort().map((name) => join(DEFAULT_FOLDER, name));
}

function targetOf({ program, command }: TestEntry, folder: string): Target {
  if (program !== undefined) return { kind: "source", path: resolve(folder, program) };
  return { kind: "host", name: command ?? "" };
}

/** A described host by name, or by a file relative to the manifest. */
function hostOf(host: string, folder: string): string {
  return isProfilePath(host) ? resolve(folder, host) : host;
}

/** The tests of a manifest, with the manifest's defaults filled in. */
function testsOf(manifest: LoadedManifest): TestCase[] {
  return manifest.tests.map((entry) => ({
    id: `${manifest.suite}/${entry.name}`,
    suite: manifest.suite,
    name: entry.name,
    target: targetOf(entry, manifest.folder),
    args: entry.args,
    stdin: entry.stdin,
    environment: entry.environment,
    cwd: manifest.folder,
    timeoutSeconds: entry.timeout ?? manifest.timeout,
    alone: entry.alone,
    skip: entry.skip,
    engine: entry.engine ?? manifest.engine,
    host: entry.host === undefined ? undefined : hostOf(entry.host, manifest.folder),
    conditions: {
      requires: entry.requires,
      unsupported: entry.unsupported,
      flag: entry.flag,
      xfail: entry.xfail,
    },
    expect: entry.expect,
  }));
}

/** Whether a test is meant by a pattern: a glob if it has a wildcard, else a part of its id. */
export function matches(test: TestCase, pattern: string): boolean {
  if (!/[*?[{]/.test(pattern)) return test.id.includes(pattern);
  const glob = new Bun.Glob(pattern);
  return glob.match(test.id) || glob.match(test.name);
}

/**
 * Chooses the tests to run.
 *
 * @param manifests Checked manifests.
 * @param filter A part of the test's id, or a glob; all tests if undefined.
 * @throws {UsageError} If two suites have the same name, or no test matches.
 */
export function planTests(manifests: readonly LoadedManifest[], filter: string | undefined): TestCase[] {
  const suites = new Set<string>();
  for (const { suite } of manifests) {
    if (suites.has(suite))
      throw new UsageError(`two manifests are of a suite '${suite}': rename one of them`);
    suites.add(suite);
  }
  const all = manifests.flatMap(testsOf);
  if (filter === undefined) return all;
  const chosen = all.filter((test) => matches(test, filter));
  if (chosen.length > 0) return chosen;
  const names = all.flatMap(({ id, name }) => [name, id]);
  throw new UsageError(`no test matches --filter '${filter}'${didYouMean(filter, names)}`);
}
