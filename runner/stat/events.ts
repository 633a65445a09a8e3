/** The events that `stat` counts: from the list of `-e` to rows of the report. */
import { EventNameError, type HostFacts, type PerfEvent, resolveEvents } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";

/** One row: an event, or why it can't even be named on this host. */
export interface StatRow {
  readonly name: string;
  readonly event: PerfEvent | { readonly unnamed: string };
  /** Rows with the same number are counted together: `{a,b}`. */
  readonly group: number | undefined;
}

/** Without `-e`. The tick, retired conditional branches, is what this tool is about. */
export const DEFAULT_EVENTS: readonly string[] = [
  "task-clock",
  "context-switches",
  "cpu-migrations",
  "page-faults",
  "cycles",
  "instructions",
  "branches",
  "branch-misses",
  "retired-conditional-branches",
];

/** What `-d` adds, as perf-stat(1) does. */
const DETAILED_EVENTS: readonly string[] = [
  "L1-dcache-loads",
  "L1-dcache-load-misses",
  "LLC-loads",
  "LLC-load-misses",
];

/** A part of a list, and the modifiers that stand behind its brace. */
interface Item {
  readonly text: string;
  readonly group: number | undefined;
}

/** Splits a list at commas that are in no `pmu/…/` and no braces. */
function split(list: string): string[] {
  const items = [""];
  let depth = 0;
  let inTerms = false;
  for (const letter of list) {
    const item = items.at(-1) ?? "";
    // The first slash of `pmu/…/` follows its name; that of a breakpoint (`mem:0x…/8`) follows a number.
    if (letter === "/" && (inTerms || /(?:^|[{,\s])[\w.-]+$/.test(item))) inTerms = !inTerms;
    if (letter === "{" && !inTerms) depth++;
    if (letter === "}" && !inTerms) depth--;
    if (letter === "," && depth === 0 && !inTerms) items.push("");
    else items[items.length - 1] = item + letter;
  }
  if (depth !== 0) throw new UsageError(`cannot read the events '${list}': a brace has no partner`);
  return items.map((item) => item.trim()).filter((item) => item !== "");
}

function withModifiers(event: string, modifiers: string): string {
  if (modifiers === "") return event;
  return event.endsWith("/") ? `${event}${modifiers.slice(1)}` : `${event}${modifiers}`;
}

function items(list: string): Item[] {
  return split(list).flatMap((text, index): Item[] => {
    const braces = /^\{(.*)\}(|:.*)$/.exec(text);
    if (braces === null) return [{ text, group: undefined }];
    const [, inside = "", modifiers = ""] = braces;
    return split(inside).map((event) => ({ text: withModifiers(event, modifiers), group: index }));
  });
}

/**
 * The rows of a list of events.
 *
 * @param list As `-e` has it: names apart by commas, groups in braces. Undefined: {@link DEFAULT_EVENTS}, of which
 *   those that the host has no name for become rows that say so.
 * @param host Whose events they are. @default this machine
 * @param detailed Whether {@link DETAILED_EVENTS} come behind them.
 * @throws {EventNameError} For a name in `list` that means nothing.
 * @throws {UsageError} For a list without events.
 */
export function statRows(list: string | undefined, host?: HostFacts, detailed = false): StatRow[] {
  const more = detailed ? DETAILED_EVENTS.flatMap((name) => defaultRows(name, host)) : [];
  if (list === undefined) return [...DEFAULT_EVENTS.flatMap((name) => defaultRows(name, host)), ...more];
  const rows = items(list).flatMap(({ text, group }) =>
    resolveEvents(text, host).map((event): StatRow => ({ name: event.name, event, group })),
  );
  if (rows.length === 0) throw new UsageError("-e needs events: for instance -e task-clock,page-faults");
  return [...rows, ...more];
}

function defaultRows(name: string, host: HostFacts | undefined): StatRow[] {
  try {
    return resolveEvents(name, host).map((event) => ({ name: event.name, event, group: undefined }));
  } catch (error) {
    if (!(error instanceof EventNameError)) throw error;
    return [{ name, event: { unnamed: error.message }, group: undefined }];
  }
}
