/** From paths of manifests and scripts to the tests that a run takes, in their order. */
import { resolve } from "node:path";
import { didYouMean } from "../../../ffi/mod.ts";
import { ManifestError, NothingMatched } from "../../errors/mod.ts";
import { loadManifest } from "../../manifest/mod.ts";
import type { TestCase } from "../types.ts";
import { parseFilter } from "./filter.ts";
import { manifestTests } from "./plan.ts";
import { isScript, type ScriptSessions } from "./scripts.ts";
import { type Shard, shardOf, shuffled } from "./selection.ts";

/** Which tests are wanted. */
export interface Selection {
  /** As `--filter` has it; all if undefined. */
  filter: string | undefined;
  /** Ids of the only tests to take, if not any. */
  only: ReadonlySet<string> | undefined;
  shard: Shard | undefined;
  /** Order by chance, by this seed; the order of the manifests if undefined. */
  seed: number | undefined;
}

/**
 * Reads manifests and scripts.
 *
 * @param paths Of manifests (YAML) and scripts (TypeScript, JavaScript).
 * @param scripts Loads the scripts.
 * @throws {UsageError} If one of them is wrong, or two suites have the same name.
 */
export async function collectTests(paths: readonly string[], scripts: ScriptSessions): Promise<TestCase[]> {
  const all: TestCase[] = [];
  const suites = new Map<string, string>();
  for (const path of paths) {
    const tests = isScript(path) ? await scripts.load(resolve(path)) : manifestTests(loadManifest(path));
    for (const suite of new Set(tests.map((test) => test.suite))) {
      const other = suites.get(suite);
      if (other !== undefined) {
        throw new ManifestError(`${other} and ${path} are both of a suite '${suite}': rename one of them`);
      }
      suites.set(suite, path);
    }
    all.push(...tests);
  }
  return all;
}

/**
 * Takes those that are wanted.
 *
 * @throws {UsageError} If the filter is wrong; {@link NothingMatched} if none is left.
 */
export function selectTests(all: readonly TestCase[], { filter, only, shard, seed }: Selection): TestCase[] {
  const matching = filter === undefined ? all : all.filter(parseFilter(filter));
  if (matching.length === 0 && filter !== undefined) {
    const names = all.flatMap(({ id, name }) => [name, id]);
    throw new NothingMatched(`no test matches --filter '${filter}'${didYouMean(filter, names)}`);
  }
  const wanted = only === undefined ? matching : matching.filter(({ id }) => only.has(id));
  if (wanted.length === 0) throw new NothingMatched("no test of the last run has failed");
  const part = shard === undefined ? wanted : shardOf(wanted, shard);
  return seed === undefined ? [...part] : shuffled(part, seed);
}
