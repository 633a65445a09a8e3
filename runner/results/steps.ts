/** What comes of a test of a script, step by step, and where it stands. */

/** A place in a script. */
export interface Location {
  file: string;
  /** From 1. */
  line: number;
}

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
