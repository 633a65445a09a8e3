/** What comes of a test or a step of a script. */

import { resolve } from "node:path";
import type { Location, StepVerdict } from "../results/mod.ts";
import { AssertionError } from "./assert.js";

/** Thrown by `t.skip()`: ends a test or a step without a failure. */
export class Skipped extends Error {
  override name = "Skipped";
}

/** Folders of tickproof's own code: frames in there say nothing to the script's author. */
const OWN = ["runner", "engine", "ffi", "compiled"].map(
  (name) => `${resolve(import.meta.dir, "../..", name)}/`,
);

/** Whether a line of a stack is of the script, or of a module of its author's. */
function isUsers(line: string, file: string): boolean {
  if (line.includes(file)) return true;
  const [, path = ""] = /((?:file:\/\/)?\/[^():]*):\d+/.exec(line) ?? [];
  return path !== "" && !path.includes("/node_modules/") && !OWN.some((folder) => path.includes(folder));
}

/**
 * Puts what a script threw in words.
 *
 * @param error Anything.
 * @param file The script: only frames in it and in its author's other modules are shown.
 */
export function failureText(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `threw ${Bun.inspect(error)}`;
  const kind = error instanceof AssertionError ? "" : `${error.name}: `;
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s*at /.test(line) && isUsers(line, file));
  const at = frames.length > 0 ? `\n${frames.map((line) => `    ${line.trim()}`).join("\n")}` : "";
  const cause = error.cause === undefined ? "" : `\ncaused by ${failureText(error.cause, file)}`;
  // Assertions colour their differences, whoever reads them.
  return `${kind}${Bun.stripANSI(error.message).trim()}${at}${cause}`;
}

/** A verdict for what was thrown. */
export function verdictOf(error: unknown, { file }: Location): StepVerdict {
  if (error instanceof Skipped) return { kind: "skip", reason: error.message };
  return { kind: "fail", reasons: [failureText(error, file)] };
}
