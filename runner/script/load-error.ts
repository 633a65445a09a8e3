/** Why a script can't be loaded, in words: its syntax is wrong, a module is missing, or it threw; each with its place. */
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
  if (isBuildError(error)) {
    const kind = error.name === "ResolveMessage" ? "a module is missing" : "its syntax is wrong";
    return located(`${kind}: ${error.message}`, error.position, file);
  }
  if (error instanceof SyntaxError) return `its syntax is wrong: ${failureText(error, file)}`;
  const missing = error instanceof Error && /^Cannot find (module|package)/.test(error.message);
  const kind = missing ? "a module is missing" : "it threw while it was loaded";
  return `${kind}: ${failureText(error, file)}`;
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
