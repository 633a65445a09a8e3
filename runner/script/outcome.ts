/** What comes of a test or a step of a script. */
import { AssertionError } from "./assert.js";
import type { Location } from "./definition.ts";

/** How a test or a step ended. */
export type StepVerdict =
  | { kind: "pass" }
  | { kind: "fail"; reasons: readonly string[] }
  | { kind: "skip"; reason: string };

/** A test or a step with the steps in it, in the order in which they began. */
export interface StepResult {
  name: string;
  verdict: StepVerdict;
  milliseconds: number;
  steps: readonly StepResult[];
}

/** Thrown by `t.skip()`: ends a test or a step without a failure. */
export class Skipped extends Error {
  override name = "Skipped";
}

/**
 * Puts what a script threw in words.
 *
 * @param error Anything.
 * @param file The script: only frames in it are shown.
 */
export function failureText(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `threw ${Bun.inspect(error)}`;
  const kind = error instanceof AssertionError ? "" : `${error.name}: `;
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes(file));
  const at = frames.length > 0 ? `\n${frames.map((line) => `    ${line.trim()}`).join("\n")}` : "";
  const cause = error.cause === undefined ? "" : `\ncaused by ${failureText(error.cause, file)}`;
  return `${kind}${error.message.trim()}${at}${cause}`;
}

/** A verdict for what was thrown. */
export function verdictOf(error: unknown, { file }: Location): StepVerdict {
  if (error instanceof Skipped) return { kind: "skip", reason: error.message };
  return { kind: "fail", reasons: [failureText(error, file)] };
}
