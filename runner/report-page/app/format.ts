/** Numbers, times and verdicts as people read them. */
import type { Range } from "../page-data.ts";

const INTEGER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** "1,000,028,573"; of something that is not there "–". */
export function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : INTEGER.format(value);
}

/** "1 run", "2 runs" */
export function counted(count: number, what: string): string {
  return `${whole(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** "1B", for axes. */
export function short(value: number): string {
  return SHORT.format(value);
}

/** "0.71 s", "12 ms" */
export function time(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 100) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** "1.3×" */
export function times(value: number | undefined): string {
  return value === undefined ? "–" : `${value.toFixed(value < 10 ? 2 : 1)}×`;
}

/** "2.0 %" */
export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** "2026-11-24 12:00" (UTC) */
export function date(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

/** A middle with its bounds, where they differ. */
export function spread(range: Range | undefined): string {
  if (range === undefined) return "–";
  if (range.least === range.most) return whole(range.median);
  return `${whole(range.median)} (${whole(range.least)} to ${whole(range.most)})`;
}

/** Signs of verdicts: never the colour alone says what came of a test. */
const SIGNS: Readonly<Record<string, string>> = {
  pass: "✓",
  fail: "✗",
  flaky: "≈",
  timeout: "◷",
  unsupported: "∅",
  broken: "!",
  skip: "–",
  xfail: "⊘",
  xpass: "‼",
};

/** A verdict's sign. */
export function signOf(verdict: string): string {
  return SIGNS[verdict] ?? "?";
}
