/** Why a script can't be loaded, in words: its syntax is wrong, a module is missing, or it threw; each with its place. */
import { existsSync, readFileSync } from "node:fs";
import { failureText } from "./outcome.ts";

/** Where Bun's own errors point to: BuildMessage and ResolveMessage have it. */
interface Position {
  file: string;
  line: number;
  column: number;
  lineText: string;
}

interface BuildError {
  name: string;
  message: string;
  position: Position | null;
}

function isBuildError(error: unknown): error is BuildError {
  return (
    typeof error === "object" &&
    error !== null &&
    "name" in error &&
    (error.name === "BuildMessage" || error.name === "ResolveMessage") &&
    "position" in error
  );
}

/**
 * Puts what was thrown by an import in words.
 *
 * @param error Anything.
 * @param file The script.
 */
export function loadErrorText(error: unknown, file: string): string {
  // Of several mistakes in one file, Bun throws all at once.
  if (error instanceof AggregateError && error.errors.some(isBuildError)) {
    return error.errors.map((one) => loadErrorText(one, file)).join("\n");
  }
  if (isBuildError(error) && error.name === "ResolveMessage") return missing(error, file);
  if (isBuildError(error)) return located(`its syntax is wrong: ${error.message}`, error.position, file);
  if (error instanceof SyntaxError) return `its syntax is wrong: ${failureText(error, file)}`;
  if (error instanceof Error && /^Cannot find (module|package)/.test(error.message))
    return `a module is missing: ${failureText(error, file)}`;
  return `it threw while it was loaded: ${failureText(error, file)}`;
}

/** That a module is missing, and where it is imported: Bun names that place, or only the file. */
function missing({ message, position }: BuildError, file: string): string {
  const [, specifier, importer = file] =
    /^Cannot find (?:module|package) '(.+)'(?: imported)? from '?(.+?)'?$/.exec(message) ?? [];
  const place = position ?? (specifier === undefined ? null : importOf(specifier, importer));
  return located(`a module is missing: ${message}`, place, importer);
}

/** Where a module imports another one: the first line that has its name in quotes. */
function importOf(specifier: string, importer: string): Position | null {
  if (!existsSync(importer)) return null;
  const lines = readFileSync(importer, "utf8").split(/\r?\n/);
  const quoted = ['"', "'", "`"].map((quote) => quote + specifier + quote);
  const index = lines.findIndex((line) => quoted.some((name) => line.includes(name)));
  const lineText = lines[index];
  if (lineText === undefined) return null;
  const column = 1 + Math.max(...quoted.map((name) => lineText.indexOf(name)));
  return { file: importer, line: index + 1, column, lineText };
}

/** "it …\n    at file:line:column\n      the line\n          ^" */
function located(words: string, position: Position | null, file: string): string {
  if (position === null) return `${words}\n    at ${file}`;
  const { line, column, lineText } = position;
  const from = Math.max(0, column - 1 - MOST_BEFORE);
  const shown = lineText.slice(from, from + MOST_SHOWN);
  const caret = `${shown.slice(0, column - 1 - from).replace(/[^\t]/g, " ")}^`;
  return `${words}\n    at ${position.file || file}:${line}:${column}\n      ${shown}\n      ${caret}`;
}

/** Letters of a line that are shown, and before the place. */
const MOST_SHOWN = 120;
const MOST_BEFORE = 60;
