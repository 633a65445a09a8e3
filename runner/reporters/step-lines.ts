/** The steps of a script's test as lines, inner ones further in. */
import type { StepResult } from "../results/mod.ts";
import type { Style } from "./style.ts";

/** "pass outer 12 ms", "  fail inner 3 ms", "skip later: not today" */
export function stepLines(steps: readonly StepResult[], style: Style): string[] {
  return steps.flatMap((step) => [
    stepLine(step, style),
    ...stepLines(step.steps, style).map((line) => `  ${line}`),
  ]);
}

/** One step, without those in it. */
export function stepLine({ name, verdict, milliseconds }: StepResult, style: Style): string {
  const look = verdict.kind === "pass" ? style.good : verdict.kind === "skip" ? style.warn : style.bad;
  const rest = verdict.kind === "skip" ? `: ${verdict.reason}` : ` ${Math.round(milliseconds)} ms`;
  return `${look(verdict.kind)} ${name}${rest}`;
}
