/** What a hunt says: of each failure what it was and how to get it back, and at last how often it came. */
import { basename } from "node:path";
import { crashOf } from "../engines/crash.ts";
import { lastLines } from "../engines/mod.ts";
import { threadPlaces } from "../engines/places.ts";
import type { NamedWaits } from "../engines/waits.ts";
import { type Rate, rateOf, rateText } from "../history/statistics.ts";
import { crashLines } from "../reporters/crash-lines.ts";
import { threadLine } from "../reporters/failure-lines.ts";
import { printable } from "../reporters/printable.ts";
import { styleFor } from "../reporters/style.ts";
import type { Crash, ThreadPlace } from "../results/mod.ts";
import { typedCommand } from "../start/mod.ts";
import { counted, quote } from "../text/mod.ts";
import type { Tally } from "./search.ts";
import type { Trial } from "./trial.ts";
import type { Why, WhyNot } from "./why.ts";

/** Width of the words before the entries. */
const COLUMN = 11;
/** Lines of the program's output that are shown. */
const LINES_SHOWN = 6;

/** A failure that was found, as `--json` has it. */
export interface Found {
  /** Undefined where tasks took turns fairly. */
  seed?: number;
  why: string;
  trace: string;
  /** The end of what it printed. */
  output: string;
  /** Where it crashed, or where its threads stood when it was ended. */
  crash?: Crash;
  threads?: ThreadPlace[];
  commands: { replay: string; debug: string; again: string };
}

/** What more runs with the seed of a failure came to. */
export interface Again {
  runs: number;
  failed: number;
}

/** All of a hunt, as `--json` has it. */
export interface HuntReport {
  command: readonly string[];
  runs: number;
  passed: number;
  failed: number;
  undecided: number;
  /** Part of the decided runs that failed, and the interval that it lies in with 95 % confidence. */
  rate: Rate;
  seconds: number;
  failures: (Found & { waits?: NamedWaits; failsAgain?: Again; whyThen?: Why | WhyNot })[];
}

/** Describes a run that failed. */
export function describeFailure(trial: Trial, why: string, command: readonly string[]): Found {
  const { seed, report, trace } = trial;
  const crash = report && crashOf(report);
  const threads = report === undefined || trial.exit !== undefined ? [] : threadPlaces(report);
  const name = basename(trace);
  const chaos = seed === undefined ? "" : ` --chaos=${seed}`;
  return {
    ...(seed !== undefined && { seed }),
    why,
    trace,
    output: lastLines(trial.output, LINES_SHOWN),
    // What was ended has died of that.
    ...(crash && trial.exit !== undefined && { crash }),
    ...(threads.length > 0 && { threads }),
    commands: {
      replay: `${typedCommand()} replay ${name}`,
      debug: `${typedCommand()} debug ${name}`,
      again: `${typedCommand()} record${chaos} -- ${command.map(quote).join(" ")}`,
    },
  };
}

/** A word, and its lines beside it. */
function entry(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `  ${(i === 0 ? title : "").padEnd(COLUMN)}${line}`.trimEnd());
}

/** The lines of a failure. */
export function failureText(found: Found, command: readonly string[], run: number): string {
  const { seed, why, trace, output, crash, threads = [], commands } = found;
  const how = seed === undefined ? "" : ` under seed ${seed}`;
  return [
    `tickproof: run ${run}${how} failed: ${command.join(" ")}: ${why}`,
    ...(output === "" ? [] : entry("printed", output.split("\n").map(printable))),
    ...(crash === undefined ? [] : entry("crash", crashLines(crash, styleFor(false)))),
    ...entry("threads", threads.map(threadLine)),
    ...entry("trace", [trace]),
    ...entry("replay", [commands.replay]),
    ...entry("debug", [commands.debug]),
    ...entry("again", [commands.again]),
    "",
  ].join("\n");
}

/** The line that says whether a seed is as good as its failure. */
export function againText(seed: number, { runs, failed }: Again): string {
  const still = failed === runs ? "" : ": what comes from outside (time, files, a network) matters too";
  return `tickproof: seed ${seed} failed again in ${failed} of ${counted(runs, "run")}${still}\n`;
}

/** How often it failed, so far or at last. */
export function tallyText({ passed, failed, undecided, milliseconds }: Tally): string {
  const judged = passed + failed;
  const seconds = counted(Math.round(milliseconds / 1000), "second");
  const some = failed === 0 ? "none" : `${failed}`;
  const rest = undecided === 0 ? "" : `; ${counted(undecided, "run")} could not be judged`;
  return `${some} of ${counted(judged, "run")} failed: ${rateText(rateOf(failed, judged))}, in ${seconds}${rest}`;
}

/** All of a hunt for `--json`. */
export function huntReport(
  command: readonly string[],
  { passed, failed, undecided, milliseconds }: Tally,
  failures: HuntReport["failures"],
): HuntReport {
  return {
    command,
    runs: passed + failed + undecided,
    passed,
    failed,
    undecided,
    rate: rateOf(failed, passed + failed),
    seconds: milliseconds / 1000,
    failures,
  };
}
