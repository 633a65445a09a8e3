/** Reads and checks manifests. Whatever is wrong with one is told in one go, each with its place. */
import { dirname, resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { loadUserProbe } from "../host/mod.ts";
import { checkYaml, MANIFEST, type Path, type Problem, readYaml, type YamlSource } from "../yaml/mod.ts";
import { checkTest } from "./check-test.ts";
import { complete, type Manifest, withDefaults } from "./complete.ts";
import { expandMatrix, MOST_OF_MANIFEST } from "./matrix.ts";
import { type GivenManifest, type GivenTest, manifestSchema } from "./schema.ts";

/** A manifest with the place that its paths are relative to. */
export interface LoadedManifest extends Manifest {
  /** Absolute path of the manifest's folder. */
  folder: string;
  /** Its own absolute path. */
  path: string;
}

const WHAT = MANIFEST;

/**
 * Reads a manifest.
 *
 * @param path Its file.
 * @returns The manifest, with all defaults filled in.
 * @throws {UsageError} With file:line:column, the line and a caret for everything that is wrong.
 */
export function loadManifest(path: string): LoadedManifest {
  const { file, text } = readYaml(path, WHAT);
  const folder = dirname(resolve(path));
  return { ...checkManifest(file, text, folder), folder, path: resolve(path) };
}

/**
 * Checks the text of a manifest.
 *
 * @param file Name of the file, for errors.
 * @param text Its contents.
 * @param folder The folder that its paths are relative to.
 * @throws {UsageError} As {@link loadManifest} does.
 */
export function checkManifest(file: string, text: string, folder: string): Manifest {
  let lines: readonly number[] = [];
  const given = checkYaml({ file, text, what: WHAT }, manifestSchema, (source, manifest) => {
    lines = manifest.tests.map((_, index) => source.lineOf(["tests", index]));
    return checkTests(source, manifest, folder);
  });
  return complete(given, lines);
}

/** Loads the probes that a manifest brings, so that its tests can name what they find. */
function loadProbes(source: YamlSource, { probes = [] }: GivenManifest, folder: string): Problem[] {
  return probes.flatMap((file, index) => {
    try {
      loadUserProbe(resolve(folder, file));
      return [];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return [source.problem(["probes", index], error.message)];
    }
  });
}

/** What the schema alone can't see: names that occur twice, programs that are not there. */
function checkTests(source: YamlSource, manifest: GivenManifest, folder: string): Problem[] {
  const problems = loadProbes(source, manifest, folder);
  const names = new Set<string>();
  let size = 0;
  for (const [index, own] of manifest.tests.entries()) {
    const entry = withDefaults(own, manifest);
    const at = (key: keyof GivenTest, ...below: Path) =>
      key in own || manifest.defaults?.[key as keyof typeof manifest.defaults] === undefined
        ? ["tests", index, key, ...below]
        : ["defaults", key, ...below];
    for (const { path, message } of checkTest(entry, folder)) {
      const [key, ...below] = path as [keyof GivenTest, ...PropertyKey[]];
      problems.push(source.problem(key === "name" ? ["tests", index] : at(key, ...below), message));
    }
    if (names.has(own.name))
      problems.push(source.problem(at("name"), `a second test is named '${own.name}'`));
    names.add(own.name);
    // Once there are too many, no more are made only to be counted.
    const isCounted = entry.matrix !== undefined && size <= MOST_OF_MANIFEST;
    const expansion = isCounted ? expandMatrix(entry.matrix ?? {}) : undefined;
    if (expansion !== undefined && !("points" in expansion)) {
      problems.push(source.problem(at("matrix", ...expansion.path), expansion.message));
    }
    size += expansion !== undefined && "points" in expansion ? expansion.points.size : 1;
  }
  const places: readonly Path[] = [["defaults"], ...manifest.tests.map((_, index) => ["tests", index])];
  for (const [at, { expect = {} }] of [manifest.defaults ?? {}, ...manifest.tests].entries()) {
    if (expect.exit === undefined || expect.signal === undefined) continue;
    const place = [...(places[at] ?? []), "expect"];
    problems.push(source.keyProblem(place, "signal", "a program ends by 'exit' or by 'signal'"));
  }
  if (size > MOST_OF_MANIFEST) {
    const message = `the matrices make ${size} tests or more: at most ${MOST_OF_MANIFEST} are allowed`;
    problems.push(source.problem(["tests"], message));
  }
  return problems;
}
