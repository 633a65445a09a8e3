/** A character for each attempt, as it ends; what went wrong stands below. */
import type { Verdict } from "../results/mod.ts";
import { isHarmless, type Reporter } from "../run/mod.ts";
import { failureDetails, noteDetails } from "./details.ts";
import type { Style } from "./style.ts";
import { othersLine, totalsLine } from "./totals.ts";

/** Characters in a line. */
const WIDTH = 80;

const DOTS: Readonly<Record<Verdict["kind"], string>> = {
  pass: ".",
  skip: "s",
  xfail: "x",
  xpass: "X",
  fail: "F",
  timeout: "T",
  unsupported: "U",
  broken: "B",
  flaky: "~",
};

/** A reporter that writes dots. */
export function dotReporter(write: (text: string) => void, style: Style): Reporter {
  let column = 0;
  return (event) => {
    if (event.kind === "attempt-finished") {
      const { kind } = event.attempt.verdict;
      const look = kind === "pass" ? style.good : isHarmless(event.attempt.verdict) ? style.warn : style.bad;
      write(look(DOTS[kind]));
      if (++column % WIDTH === 0) write("\n");
    }
    if (event.kind === "run-finished") {
      const { summary } = event;
      const details = [...failureDetails(summary.results, style), ...noteDetails(summary.results, style)];
      const totals = [othersLine(summary), totalsLine(summary)];
      const lines = [...(column % WIDTH === 0 ? [] : [""]), ...details, ...totals, ""];
      write(lines.join("\n"));
    }
  };
}
