/** Checks a YAML text against a schema. Whatever is wrong with it is told in one go, each with its place. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { z } from "zod";
import { didYouMean } from "../../ffi/mod.ts";
import { ManifestError, UsageError } from "../errors/mod.ts";
import { knownKeys, type Path } from "./known-keys.ts";
import { type Problem, YamlSource } from "./source.ts";

/** A text as it is called in errors. */
export interface YamlText {
  /** Name of the file. */
  readonly file: string;
  readonly text: string;
  /** What it is, with its article: "the manifest". */
  readonly what: string;
}

/** What manifests are called here. */
export const MANIFEST = "the manifest";

/** Most that a file may have: what people write is far shorter. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file of YAML.
 *
 * @param path The file.
 * @param what What it is: "the manifest".
 * @returns The text, with the file's name as short as it gets from here.
 * @throws {UsageError} When it can't be read.
 */
export function readYaml(path: string, what: string): YamlText {
  let bytes: Buffer;
  try {
    // A pipe that nobody writes to would be waited for without end.
    if (!statSync(path).isFile()) throw new Error("it is no regular file: write it to one first");
    bytes = readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read ${what} '${path}': ${reason}`);
  }
  if (bytes.length > MOST_BYTES) throw errorOf(what, `cannot read ${what} '${path}': it has more than 4 MiB`);
  return { file: displayPath(path), text: decode(bytes, path, what), what };
}

/** The text of UTF-8; a mark at its beginning is not of it. */
function decode(bytes: Buffer, path: string, what: string): string {
  const remedy = "save it as UTF-8";
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw errorOf(what, `cannot read ${what} '${path}': it is UTF-16: ${remedy}`);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (isUtf8(bytes)) return text;
  const line = text.slice(0, text.indexOf("\uFFFD")).split("\n").length;
  throw errorOf(what, `cannot read ${what} '${path}': line ${line} has bytes that are no UTF-8: ${remedy}`);
}

/** Manifests have an exit code of their own. */
function errorOf(what: string, message: string): UsageError {
  return what === MANIFEST ? new ManifestError(message) : new UsageError(message);
}

function displayPath(path: string): string {
  const short = relative(process.cwd(), resolve(path));
  return short.startsWith("..") ? resolve(path) : short;
}

/**
 * Checks a text.
 *
 * @param yaml The text.
 * @param schema What it must be like.
 * @param further Finds what the schema alone can't see.
 * @returns The document, with all defaults filled in.
 * @throws {UsageError} With file:line:column, the line and a caret for everything that is wrong.
 */
export function checkYaml<Schema extends z.ZodType>(
  { file, text, what }: YamlText,
  schema: Schema,
  further: (source: YamlSource, document: z.output<Schema>) => Problem[],
): z.output<Schema> {
  const source = new YamlSource(file, text);
  refuse(source, what, source.syntaxProblems);
  const result = schema.safeParse(source.value, { reportInput: true });
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => explain(source, schema, what, issue));
    throw failure(source, what, problems);
  }
  refuse(source, what, further(source, result.data));
  return result.data;
}

function refuse(source: YamlSource, what: string, problems: Problem[]): void {
  if (problems.length > 0) throw failure(source, what, problems);
}

function failure(source: YamlSource, what: string, problems: Problem[]): UsageError {
  const inOrder = problems.toSorted((a, b) => a.start - b.start);
  return errorOf(what, inOrder.map((problem) => source.show(problem)).join("\n"));
}

/** Turns an issue of the schema into problems that point at places. */
function explain(source: YamlSource, schema: z.ZodType, what: string, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const hint = didYouMean(key, known) || `; known here: ${known.join(", ")}`;
      return source.keyProblem(path, key, `unknown key '${key}'${hint}`);
    });
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    const [first] = issue.issues;
    return [source.keyProblem(path.slice(0, -1), key, `'${key}': ${first?.message ?? issue.message}`)];
  }
  if (issue.code === "invalid_union") {
    // Of several kinds, it is about the one that the value is of, if it is of one.
    const meant = issue.errors.find(([first]) => first?.code !== "invalid_type" || first.path.length > 0);
    if (meant !== undefined) {
      return meant.flatMap((inner) =>
        explain(source, schema, what, { ...inner, path: [...path, ...inner.path] }),
      );
    }
  }
  const name = placeName(path, what);
  if (issue.code === "invalid_value") {
    const given = String(issue.input ?? "");
    const hint = didYouMean(given, issue.values.map(String));
    if (hint) return [source.problem(path, `${name} cannot be '${given}'${hint}`)];
  }
  const { input } = issue;
  const isBare =
    issue.code === "invalid_type" && issue.expected === "string" && /number|boolean/.test(typeof input);
  const remedy = isBare ? `: put it in quotes, "${source.textAt(path) ?? input}"` : "";
  return [source.problem(path, `${name}: ${issue.message.replace(/^Invalid input: /, "")}${remedy}`)];
}

/** What a place is called in a message: "'timeout'", "'args' 2" for the second of a list, "'args' 2.1" in a list of lists. */
function placeName(path: Path, what: string): string {
  const at = path.findLastIndex((step) => typeof step !== "number");
  if (at < 0) return what;
  const places = path.slice(at + 1).map((index) => Number(index) + 1);
  return `'${String(path[at])}'${places.length > 0 ? ` ${places.join(".")}` : ""}`;
}
