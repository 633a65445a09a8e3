/** What is shown of a failure besides its reason: registers side by side, the code, the events before, the threads. */

import type { CodeListing, Difference } from "../../engine/mod.ts";
import type { Attempt, DivergencePlace, ThreadPlace } from "../results/mod.ts";
import { placeText } from "../symbols/mod.ts";
import { counted } from "../text/mod.ts";
import { crashLines } from "./crash-lines.ts";
import { printable } from "./printable.ts";
import { stepLines } from "./step-lines.ts";
import type { Style } from "./style.ts";

/** Instructions that are shown before the pc, and from it on. */
const CODE_BEFORE = 3;
const CODE_FROM = 3;

/** The lines of an attempt; none if no more is known than its reason. */
export function failureLines(attempt: Attempt, style: Style): string[] {
  const { divergence, threads = [], crash, output, steps = [] } = attempt;
  return [
    ...(steps.length > 0 ? stepLines(steps, style) : []),
    ...(crash ? crashLines(crash, style) : []),
    ...(divergence ? divergenceLines(divergence) : []),
    ...threads.map(threadLine),
    ...(output === undefined ? [] : outputLines(output)),
  ];
}

/** Lines of a test's own output that are shown. */
const OUTPUT_SHOWN = 20;

function outputLines(output: string): string[] {
  const lines = output.split("\n");
  const left = lines.length - OUTPUT_SHOWN;
  return [
    left > 0 ? `it printed, after ${counted(left, "line")}:` : "it printed:",
    ...lines.slice(-OUTPUT_SHOWN).map((line) => `  ${printable(line)}`),
  ];
}

function divergenceLines({ difference, place, lastEvents = [], code }: DivergencePlace): string[] {
  const pc = difference.expected.registers.rip;
  return [
    ...(place === undefined ? [] : [`at ${pc} ${placeText(place)}`]),
    ...sideBySide(difference),
    ...(lastEvents.length > 0 ? ["the events before it:", ...lastEvents.map((line) => `  ${line}`)] : []),
    ...(code === undefined ? [] : codeLines(code)),
  ];
}

/** Ticks and registers that differ, in columns. */
function sideBySide({ expected, found }: Difference): string[] {
  const names = Object.keys(expected.registers).filter(
    (name) => expected.registers[name] !== found.registers[name],
  );
  const rows = [
    ["", "recorded", "replayed"],
    ...(expected.ticks === found.ticks ? [] : [["ticks", String(expected.ticks), String(found.ticks)]]),
    ...names.map((name) => [name, expected.registers[name] ?? "–", found.registers[name] ?? "–"]),
  ];
  if (rows.length === 1) return [];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([name = "", left = "", right = ""]) =>
    `  ${name.padEnd(widths[0] ?? 0)}  ${left.padEnd(widths[1] ?? 0)}  ${right}`.trimEnd(),
  );
}

function codeLines({ pc, lines }: CodeListing): string[] {
  const at = lines.findIndex(({ address }) => address === pc);
  if (at < 0) return [];
  return [
    "the code there:",
    ...lines
      .slice(Math.max(0, at - CODE_BEFORE), at + CODE_FROM)
      .map(({ address, text }) => `  ${address === pc ? "→" : " "} ${address}  ${text}`),
  ];
}

/** "task 12: in futex (system call) at 0x7ffff7e60f14 pthread_cond_wait (libc.so.6), called from main at wait.c:7" */
export function threadLine({ task, state, syscall, pc, place, via, caller }: ThreadPlace): string {
  const doing =
    syscall === undefined ? (state === "ready" ? "running" : "ending") : `in ${syscall} (system call)`;
  // The function that the program has called says more than those which that one is made of.
  const within = via ?? place;
  const name =
    within?.symbol !== undefined && caller !== undefined
      ? `${within.symbol} (${within.module})`
      : within && placeText(within);
  const where = name === undefined ? pc : `${pc} ${name}`;
  return `task ${task}: ${doing} at ${where}${caller === undefined ? "" : `, called from ${placeText(caller)}`}`;
}
