/** The agents of a fleet as a table. */
import { printable } from "./printable.ts";

/** What is shown of one. */
interface Shown {
  name: string;
  live: boolean;
  labels: readonly string[];
  slots: number;
  version: string;
  protocol: number;
  seenSecondsAgo: number;
  facts: { kernel: string; cpu: string };
}

/** One agent a line, by name. */
export function agentsText(agents: readonly Shown[]): string {
  const rows = agents.map(({ name, live, labels, slots, version, protocol, seenSecondsAgo, facts }) => [
    name,
    live ? "there" : `gone, seen ${seenSecondsAgo} s ago`,
    String(slots),
    `${version} (protocol ${protocol})`,
    facts.kernel,
    facts.cpu,
    labels.join(","),
  ]);
  const table = [["agent", "state", "jobs", "tickproof", "kernel", "processor", "labels"], ...rows].map(
    (row) => row.map((cell) => printable(cell)),
  );
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
