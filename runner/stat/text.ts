/** The report of `stat` as text, in the manner of perf-stat(1). */

import type { Style } from "../reporters/style.ts";
import { layOut } from "../reporters/table.ts";
import { wrap } from "../reporters/wrap.ts";
import { group } from "../text/mod.ts";
import type { EventSummary, Spread, StatSummary } from "./summary.ts";

/** Letters of a line of reasons. */
const WIDTH = 100;

type CountedEvent = Extract<EventSummary, { state: "counted" }>;

function number(value: number, unit: string | undefined): string {
  if (unit !== undefined) return `${value.toFixed(2)} ${unit}`;
  return Number.isInteger(value) || value >= 100 ? group(Math.round(value)) : value.toFixed(1);
}

/** "± 1.2 %", of the mean; nothing of one run. */
function deviation({ mean, deviation: value, values }: Spread): string {
  if (values.length < 2) return "";
  return mean === 0 ? "± 0" : `± ${((value / mean) * 100).toFixed(1)} %`;
}

function rate(perSecond: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["K", 1e3],
  ] as const) {
    if (perSecond >= size) return `${(perSecond / size).toFixed(2)} ${unit}/s`;
  }
  return `${perSecond.toFixed(1)} /s`;
}

/** What an event's count says beside another one: a metric, and what it is of. */
export function ratioOf(
  event: CountedEvent,
  summary: StatSummary,
): { readonly value: string; readonly unit: string } | undefined {
  const [, base = "", modifiers = ""] = /^([\w-]+)(.*)$/.exec(event.name) ?? [];
  const mean = (name: string) => {
    const other = summary.events.find((candidate) => candidate.name === `${name}${modifiers}`);
    return other?.state === "counted" && other.mean > 0 ? other.mean : undefined;
  };
  if (event.unit === "msec")
    return { value: (event.mean / 1e3 / summary.elapsed.mean).toFixed(3), unit: "CPUs used" };
  if (event.unit !== undefined) return undefined;
  const ratios = {
    instructions: "cycles",
    "branch-misses": "branches",
    "cache-misses": "cache-references",
    "L1-dcache-load-misses": "L1-dcache-loads",
    "LLC-load-misses": "LLC-loads",
  } as const;
  const whole = ratios[base as keyof typeof ratios];
  const of = whole === undefined ? undefined : mean(whole);
  if (of !== undefined) {
    if (base === "instructions") return { value: (event.mean / of).toFixed(2), unit: "per cycle" };
    return { value: ((event.mean / of) * 100).toFixed(2), unit: `% of ${whole}` };
  }
  const clock = summary.events.find(({ name }) => name.startsWith("task-clock"));
  if (clock?.state !== "counted" || clock.mean === 0) return undefined;
  const [value = "", unit = ""] = rate(event.mean / (clock.mean / 1e3)).split(" ");
  return { value, unit };
}

function row(event: EventSummary, summary: StatSummary, style: Style) {
  if (event.state !== "counted") {
    return [
      { text: `<${event.state.replace("-", " ")}>`, style: style.warn },
      { text: "" },
      { text: event.name },
      { text: "" },
    ];
  }
  const scaled = event.share < 1 ? `scaled: counted ${(event.share * 100).toFixed(1)} % of the time` : "";
  const missing = event.values.length < summary.runs ? `${event.values.length} of ${summary.runs} runs` : "";
  const estimated = event.certainty === "estimated" ? "estimated" : "";
  const ratio = ratioOf(event, summary);
  const notes = [
    ratio === undefined ? "" : `${ratio.value} ${ratio.unit}`,
    scaled,
    estimated,
    missing,
  ].filter((text) => text !== "");
  return [
    { text: number(event.mean, event.unit) },
    { text: deviation(event) },
    { text: event.name },
    { text: notes.join("; "), ...(`${scaled}${estimated}` !== "" && { style: style.warn }) },
  ];
}

/** What counts ticks where no PMU does. */
const TICKS_HINT =
  "'tickproof record' counts retired conditional branches in software, exactly, on any machine";

/** How values of described hosts are to be read. */
const DESCRIBED =
  "user mode alone, counted by the engine: instructions, branches, loads and stores are exact; what says 'estimated' follows from them, at one instruction a cycle and two a nanosecond; the seconds are those of the recording here";

/** Why events have no value, each reason once. */
function reasons(events: readonly EventSummary[]): string[] {
  const names = new Map<string, string[]>();
  for (const event of events) {
    if (event.state === "counted") continue;
    const key = `${event.state.replace("-", " ")}: ${event.reason}`;
    names.set(key, [...(names.get(key) ?? []), event.name]);
  }
  const lines = [...names].flatMap(([reason, of]) => wrap(`${of.join(", ")}: ${reason}`, WIDTH));
  const noTicks = events.some(
    ({ name, state }) => state !== "counted" && name.startsWith("retired-conditional-branches"),
  );
  return noTicks ? [...lines, ...wrap(TICKS_HINT, WIDTH)] : lines;
}

function seconds(spreadOf: Spread, what: string): string {
  return `  ${spreadOf.mean.toFixed(6)} seconds ${what}  ${deviation(spreadOf)}`.trimEnd();
}

/**
 * Lays the report out.
 *
 * @param style How it is coloured.
 * @returns Lines, with a line end.
 */
export function statText(summary: StatSummary, style: Style): string {
  const { command, runs, interrupted, events } = summary;
  const several = runs > 1 ? ` (${runs} runs: mean ± standard deviation)` : "";
  const columns = [
    { title: "count", align: "right" as const },
    { title: runs > 1 ? "±" : "", align: "right" as const },
    { title: "event", align: "left" as const },
    { title: "", align: "left" as const },
  ];
  const table = layOut(
    columns,
    events.map((event) => row(event, summary, style)),
    style.dim,
  );
  const on = summary.host === undefined ? "" : ` on the described host '${summary.host}'`;
  const beside = command.length > 0 ? ` while '${command.join(" ")}' ran` : "";
  const whom = summary.target === undefined ? `'${command.join(" ")}'` : `${summary.target}${beside}`;
  return [
    `\ntickproof: counters of ${whom}${on}${several}${interrupted ? ", interrupted" : ""}\n\n`,
    ...table.map((line) => `  ${line}\n`),
    `\n${seconds(summary.elapsed, "elapsed")}\n`,
    ...(summary.target === undefined
      ? [`${seconds(summary.user, "user")}\n`, `${seconds(summary.system, "system")}\n`]
      : []),
    "\n",
    ...(summary.host === undefined ? [] : wrap(DESCRIBED, WIDTH).map((line) => `  ${line}\n`)),
    ...reasons(events).map((line) => `  ${line}\n`),
  ].join("");
}

/**
 * An interval of `-I`: a line for each event.
 *
 * @param time Seconds since the start.
 */
export function intervalText(summary: StatSummary, time: number): string {
  return summary.events
    .map((event) => {
      const count =
        event.state === "counted" ? number(event.mean, event.unit) : `<${event.state.replace("-", " ")}>`;
      const scaled =
        event.state === "counted" && event.share < 1 ? `  (${(event.share * 100).toFixed(1)} %)` : "";
      return `${time.toFixed(6).padStart(14)} s ${count.padStart(20)}  ${event.name}${scaled}\n`;
    })
    .join("");
}
