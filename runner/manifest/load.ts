/** Reads and checks manifests. Whatever is wrong with one is told in one go, each with its place. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { didYouMean } from "../../ffi/mod.ts";
import { isProfilePath, profileNames } from "../host/mod.ts";
import { checkYaml, type Problem, readYaml, type YamlSource } from "../yaml/mod.ts";
import { checkConditions } from "./conditions.ts";
import { type Manifest, manifestSchema } from "./schema.ts";

/** A manifest with the place that its paths are relative to. */
export interface LoadedManifest extends Manifest {
  /** Absolute path of the manifest's folder. */
  folder: string;
}

const WHAT = "the manifest";

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
  return { ...checkManifest(file, text, folder), folder };
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
  return checkYaml({ file, text, what: WHAT }, manifestSchema, (source, manifest) =>
    checkTests(source, manifest, folder),
  );
}

/** What the schema alone can't see: names that occur twice, programs that are not there. */
function checkTests(source: YamlSource, manifest: Manifest, folder: string): Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  for (const [index, entry] of manifest.tests.entries()) {
    const { name, program, command, expect } = entry;
    const at = ["tests", index];
    for (const { path, message } of checkConditions(entry)) {
      problems.push(source.problem([...at, ...path], message));
    }
    if (names.has(name)) problems.push(source.problem([...at, "name"], `a second test is named '${name}'`));
    names.add(name);
    if ((program === undefined) === (command === undefined)) {
      problems.push(source.problem(at, `'${name}' needs either 'program' (a C source) or 'command'`));
    }
    if (program !== undefined && !existsSync(resolve(folder, program))) {
      const message = `there is no ${resolve(folder, program)}`;
      problems.push(source.problem([...at, "program"], message));
    }
    const noHost = entry.host === undefined ? undefined : missingHost(entry.host, folder);
    if (noHost !== undefined) problems.push(source.problem([...at, "host"], noHost));
    if (expect.exit !== undefined && expect.signal !== undefined) {
      problems.push(
        source.keyProblem([...at, "expect"], "signal", "a program ends by 'exit' or by 'signal'"),
      );
    }
  }
  return problems;
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
