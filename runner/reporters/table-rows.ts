/** The table of a suite: one row per test, with the columns that say something of these tests. */

import { LEAST_NATIVE_MS } from "../history/trends.ts";
import type { Attempt, Phase, StepResult, Verdict } from "../results/mod.ts";
import { median } from "../results/mod.ts";
import type { TestResult } from "../run/mod.ts";
import { group } from "../text/mod.ts";
import type { Style } from "./style.ts";
import { type Cell, type Column, layOut, widthOf } from "./table.ts";

/** A column, and what it has of a test: undefined where that would mean nothing. */
interface Figure extends Column {
  cell: (result: TestResult, style: Style) => Cell | undefined;
  /** Where there is no room for all, the highest of these goes first. @default it stays */
  dispensable?: number;
}

const LOOKS = {
  pass: "good",
  flaky: "warn",
  skip: "warn",
  xfail: "warn",
  xpass: "bad",
  fail: "bad",
  timeout: "bad",
  unsupported: "bad",
  broken: "bad",
} as const;

/** Verdicts of attempts that went to their end. */
const SOUND: ReadonlySet<Verdict["kind"]> = new Set(["pass", "xpass"]);
const FIGURES: readonly Figure[] = [
  { title: "test", align: "left", cell: ({ test }) => ({ text: test.name }) },
  {
    title: "engine",
    align: "left",
    cell: ({ engineLabel }) => ({ text: engineLabel }),
    dispensable: 4,
  },
  { title: "verdict", align: "left", cell: verdictCell },
  { title: "ticks", align: "right", cell: (result) => countCell(result, "ticks"), dispensable: 3 },
  { title: "events", align: "right", cell: (result) => countCell(result, "events"), dispensable: 5 },
  { title: "signals", align: "right", cell: (result) => countCell(result, "signals"), dispensable: 7 },
  { title: "switches", align: "right", cell: (result) => countCell(result, "switches"), dispensable: 6 },
  { title: "native", align: "right", cell: (result) => timeCell(result, "native"), dispensable: 2 },
  { title: "record", align: "right", cell: (result) => timeCell(result, "record"), dispensable: 1 },
  { title: "replay", align: "right", cell: (result) => timeCell(result, "replay"), dispensable: 2.5 },
  { title: "time", align: "right", cell: (result) => timeCell(result, "script"), dispensable: 1 },
];

/**
 * Lays out the table of some tests. A column that says nothing of any of them is left out; so are the least needed ones
 * where there is no room, and the ends of long names.
 *
 * @param columns Letters that a line may have.
 */
export function tableOf(results: readonly TestResult[], style: Style, columns: number): string[] {
  // The engine is told where one is not tickproof's own.
  const withEngine = results.some(({ engine }) => engine !== "embedded");
  let table = FIGURES.filter(({ title }) => title !== "engine" || withEngine)
    .map((figure) => ({ ...figure, cells: results.flatMap((result) => cellsOf(figure, result, style)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== undefined));
  const [{ cells: lines } = { cells: [] }] = table;
  const rows = () => lines.map((_, row) => table.map(({ cells }) => cells[row] ?? { text: "" }));
  while (widthOf(table, rows()) > columns) {
    const least = Math.max(0, ...table.map(({ dispensable = 0 }) => dispensable));
    if (least === 0) break;
    table = table.filter(({ dispensable }) => dispensable !== least);
  }
  const [name] = table;
  const over = widthOf(table, rows()) - columns;
  if (name !== undefined && over > 0) {
    const longest = Math.max(...name.cells.map((cell) => Bun.stringWidth(cell?.text ?? "")));
    const room = Math.max(SHORTEST_NAME, longest - over);
    name.cells = name.cells.map((cell) => cell && { ...cell, text: cut(cell.text, room) });
  }
  return layOut(table, rows(), style.dim);
}

/** A figure of a test, and of each step of its last attempt below it. */
function cellsOf({ title, cell }: Figure, result: TestResult, style: Style): (Cell | undefined)[] {
  const steps = flat(result.attempts.at(-1)?.steps ?? [], 1);
  return [
    cell(result, style),
    ...steps.map(({ depth, step: { name, verdict, milliseconds } }): Cell | undefined => {
      if (title === "test") return { text: `${"  ".repeat(depth)}${name}`, style: style.dim };
      if (title === "verdict") return { text: verdict.kind, style: style[LOOKS[verdict.kind]] };
      return title === "time" && verdict.kind !== "skip" ? { text: seconds(milliseconds) } : undefined;
    }),
  ];
}

function flat(steps: readonly StepResult[], depth: number): { step: StepResult; depth: number }[] {
  return steps.flatMap((step) => [{ step, depth }, ...flat(step.steps, depth + 1)]);
}

/** Names are not cut below this. */
const SHORTEST_NAME = 8;

/** A text with its middle left out: tests of a matrix differ at their ends. */
function cut(text: string, room: number): string {
  if (Bun.stringWidth(text) <= room) return text;
  const end = Math.floor((room - 1) / 2);
  return `${text.slice(0, room - 1 - end)}…${text.slice(text.length - end)}`;
}

/** A time: "0.12 s". */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function medianOf(
  attempts: readonly Attempt[],
  pick: (attempt: Attempt) => number | undefined,
): number | undefined {
  return median(attempts.map(pick).filter((value) => value !== undefined));
}

function verdictCell({ verdict, attempts, passed }: TestResult, style: Style): Cell {
  const tally = attempts.length > 1 ? ` ${passed}/${attempts.length}` : "";
  const flagged = verdict.kind === "pass" && verdict.flags !== undefined ? ", flagged" : "";
  const marks = marksOf(attempts).map((mark) => `, ${mark}`);
  return { text: [verdict.kind, flagged, ...marks, tally].join(""), style: style[LOOKS[verdict.kind]] };
}

/** What is shown of a test beside its verdict: that it is slow, or leaves processes behind. */
export function marksOf(attempts: readonly Attempt[]): string[] {
  return [
    ...(attempts.some(({ slow = [] }) => slow.length > 0) ? ["SLOW"] : []),
    ...(attempts.some(({ leaks = [] }) => leaks.length > 0) ? ["LEAK"] : []),
  ];
}

/** Numbers are medians over a test's attempts. */
function countCell(
  { attempts }: TestResult,
  key: "ticks" | "events" | "signals" | "switches",
): Cell | undefined {
  const value = medianOf(attempts, ({ counts }) => counts?.[key]);
  return value === undefined ? undefined : { text: group(Math.round(value)) };
}

function timeCell({ attempts }: TestResult, phase: Phase): Cell | undefined {
  // A run that went wrong may have ended early: its time says nothing beside that of others.
  const sound = attempts.filter((attempt) => SOUND.has(attempt.verdict.kind));
  const native = medianOf(attempts, ({ milliseconds }) => milliseconds.native);
  const counted = phase === "native" || phase === "script" ? attempts : sound;
  const value = medianOf(counted, ({ milliseconds }) => milliseconds[phase]);
  if (value === undefined) return undefined;
  const comparable = native !== undefined && native >= LEAST_NATIVE_MS;
  const ratio = phase === "native" || phase === "script" || !comparable ? "" : times(value / native);
  return { text: seconds(value) + ratio };
}

const times = (factor: number): string => ` ${`${factor.toFixed(1)}×`.padStart(7)}`;
