/**
 * The tables of probes and of rr's releases in docs/doctor.md, written from what the probes go by: `runner/bun runner/host/_document.ts`
 * brings it up to date, and a test fails where it is not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { withPart } from "../../suites/_marked.ts";
import { rrTable } from "./_rr-table.ts";
import { PROBE_GROUPS } from "./probes/mod.ts";
import type { Probe } from "./types.ts";
import { waivers } from "./verdict.ts";

const DOCUMENT = resolve(import.meta.dir, "../../docs/doctor.md");
const MARKS = ["<!-- probes: written by runner/host/_document.ts -->", "<!-- end of probes -->"] as const;
const RR_MARKS = [
  "<!-- releases of rr: written by runner/host/_document.ts -->",
  "<!-- end of releases -->",
] as const;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function gates({ gates: all }: Probe): string {
  const { engines, limits = [], tests } = all;
  const unless = waivers(all).map((name) => `\`${name}\``);
  const parts = [
    ...engines.map((name) => `**${name}**`),
    ...limits.map((name) => `${name} (limits)`),
    ...tests.map((name) => `test ${name}`),
  ];
  if (parts.length === 0) return "–";
  return unless.length === 0 ? parts.join(", ") : `${parts.join(", ")}; unless ${unless.join(" or ")}`;
}

function row(probe: Probe): string {
  const { name, title, kind, measures, threshold, remedy, source } = probe;
  const cells = [`\`${name}\``, title, kind, `${measures}; **${threshold}**`, gates(probe), remedy, source];
  return `| ${cells.map(cell).join(" | ")} |`;
}

function tables(): string {
  const head = [
    "| capability | `yes` means | kind | measured; **yes from** | gates | remedy | source |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  return Object.entries(PROBE_GROUPS)
    .map(([title, probes]) => [`### ${title}`, "", ...head, ...probes.map(row)].join("\n"))
    .join("\n\n");
}

/** The document as it is. */
export function readDocument(): string {
  return readFileSync(DOCUMENT, "utf8");
}

/**
 * The document with the tables as they must be.
 *
 * @param document As it is.
 * @throws {Error} If the marks are gone between which the tables stand.
 */
export function withTables(document: string): string {
  const withReleases = withPart(document, "docs/doctor.md", RR_MARKS, rrTable());
  return withPart(withReleases, "docs/doctor.md", MARKS, tables());
}

if (import.meta.main) writeFileSync(DOCUMENT, withTables(readDocument()));
