/** Reads and checks manifests. Whatever is wrong with one is told in one go, each with its place. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { z } from "zod";
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors.ts";
import { checkConditions } from "./conditions.ts";
import { knownKeys, type Path } from "./known-keys.ts";
import { type Manifest, manifestSchema } from "./schema.ts";
import { type Problem, YamlSource } from "./source.ts";

/** A manifest with the place that its paths are relative to. */
export interface LoadedManifest extends Manifest {
  /** Absolute path of the manifest's folder. */
  folder: string;
}

/**
 * Reads a manifest.
 *
 * @param path Its file.
 * @returns The manifest, with all defaults filled in.
 * @throws {UsageError} With file:line:column, the line and a caret for everything that is wrong.
 */
export function loadManifest(path: string): LoadedManifest {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read the manifest '${path}': ${reason}`);
  }
  const folder = dirname(resolve(path));
  return { ...checkManifest(displayPath(path), text, folder), folder };
}

/** A path as short as it gets from here. */
function displayPath(path: string): string {
  const short = relative(process.cwd(), resolve(path));
  return short.startsWith("..") ? resolve(path) : short;
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
  const source = new YamlSource(file, text);
  refuse(source, source.syntaxProblems);
  const result = manifestSchema.safeParse(source.value, { reportInput: true });
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => explain(source, issue));
    throw failure(source, problems);
  }
  refuse(source, checkTests(source, result.data, folder));
  return result.data;
}

function refuse(source: YamlSource, problems: Problem[]): void {
  if (problems.length > 0) throw failure(source, problems);
}

function failure(source: YamlSource, problems: Problem[]): UsageError {
  const inOrder = problems.toSorted((a, b) => a.start - b.start);
  return new UsageError(inOrder.map((problem) => source.show(problem)).join("\n"));
}

/** Turns an issue of the schema into problems that point at places. */
function explain(source: YamlSource, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(manifestSchema, path);
    return issue.keys.map((key) => {
      const hint = didYouMean(key, known) || `; known here: ${known.join(", ")}`;
      return source.keyProblem(path, key, `unknown key '${key}'${hint}`);
    });
  }
  const name = placeName(path);
  if (issue.code === "invalid_value") {
    const given = String(issue.input ?? "");
    const hint = didYouMean(given, issue.values.map(String));
    if (hint) return [source.problem(path, `${name} cannot be '${given}'${hint}`)];
  }
  return [source.problem(path, `${name}: ${issue.message.replace(/^Invalid input: /, "")}`)];
}

/** What a place is called in a message: "'timeout'", or "'args' 2" for the second of a list. */
function placeName(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the manifest";
  return typeof last === "number" ? `'${String(path.at(-2))}' ${last + 1}` : `'${String(last)}'`;
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
    if (expect.exit !== undefined && expect.signal !== undefined) {
      problems.push(
        source.keyProblem([...at, "expect"], "signal", "a program ends by 'exit' or by 'signal'"),
      );
    }
  }
  return problems;
}
