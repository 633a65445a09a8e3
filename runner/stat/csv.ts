/** The report of `stat -x`: a line for each event, in the fields and the order of perf-stat(1), "CSV FORMAT". */
import type { EventSummary, StatSummary } from "./summary.ts";
import { ratioOf } from "./text.ts";

function fields(event: EventSummary, summary: StatSummary): string[] {
  if (event.state !== "counted")
    return [`<${event.state.replace("-", " ")}>`, "", event.name, "0", "100.00", "", ""];
  const { mean, unit = "", name, running, share, values, deviation } = event;
  const value = unit === "" ? String(Math.round(mean)) : mean.toFixed(2);
  const ratio = ratioOf(event, summary);
  return [
    value,
    unit,
    name,
    String(Math.round(running)),
    (share * 100).toFixed(2),
    ...(values.length > 1 ? [`${(mean === 0 ? 0 : (deviation / mean) * 100).toFixed(2)}%`] : []),
    ratio?.value ?? "",
    ratio?.unit ?? "",
  ];
}

/** A field that has the separator in it would be two: it goes into quotes. */
function quoted(field: string, separator: string): string {
  return field.includes(separator) || field.includes('"') ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * Lays the report out.
 *
 * @param time Seconds since the start, of an interval.
 */
export function statCsv(summary: StatSummary, separator: string, time?: number): string {
  return summary.events
    .map((event) => {
      const all = [...(time === undefined ? [] : [time.toFixed(9)]), ...fields(event, summary)];
      return `${all.map((field) => quoted(field, separator)).join(separator)}\n`;
    })
    .join("");
}
