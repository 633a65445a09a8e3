/** The examination of a host, for people and as JSON. */
import {
  type Capabilities,
  type Examination,
  isProblem,
  type Objection,
  PROBE_GROUPS,
  PROBES,
  type Probe,
  remedyOf,
  unmetNeed,
  waivers,
} from "../host/mod.ts";
import { counted, VERSION } from "../text/mod.ts";
import type { Style } from "./style.ts";
import { wrap } from "./wrap.ts";

/** Columns from which on name, title and evidence fit side by side. */
const WIDE = 150;
const NAME_WIDTH = Math.max(...PROBES.map(({ name }) => name.length)) + 2;
const TITLE_WIDTH = Math.max(...PROBES.map(({ title }) => title.length)) + 2;
const STATE_WIDTH = "unknown  ".length;
const INDENT = "    ";

/** How a text is laid out. */
export interface Page {
  readonly style: Style;
  /** Columns of the terminal; infinite for files and pipes. */
  readonly width: number;
}

/** ✓ as it should be, ✗ a problem, · neither good nor bad, – follows from another finding, ? not known. */
function mark(probe: Probe, capabilities: Capabilities, style: Style): string {
  const finding = capabilities.get(probe.name);
  if (unmetNeed(probe, capabilities) !== undefined) return style.dim("–");
  if (finding === undefined || finding.state === "unknown") return style.dim("?");
  if (isProblem(probe, finding)) return style.bad("✗");
  return probe.kind === "fact" ? style.dim("·") : style.good("✓");
}

function hanging(text: string, indent: string, width: number): string[] {
  return wrap(text, width - indent.length).map((line) => `${indent}${line}`);
}

/** A text behind its mark. */
function marked(sign: string, text: string, width: number): string[] {
  const [first = "", ...more] = hanging(text, INDENT, width);
  return [`  ${sign} ${first.trimStart()}`, ...more];
}

function probeLines(probe: Probe, examination: Examination, { style, width }: Page): string[] {
  const finding = examination.capabilities.get(probe.name);
  if (finding === undefined) return [];
  const sign = mark(probe, examination.capabilities, style);
  if (width < WIDE) {
    return [
      ...marked(sign, `${probe.name}: ${probe.title}`, width),
      ...hanging(`${finding.state}: ${finding.evidence}`, `${INDENT}  `, width).map((line) =>
        style.dim(line),
      ),
    ];
  }
  const cells = [
    probe.name.padEnd(NAME_WIDTH),
    probe.title.padEnd(TITLE_WIDTH),
    finding.state.padEnd(STATE_WIDTH),
  ].join("");
  const [first = "", ...more] = hanging(finding.evidence, " ".repeat(INDENT.length + cells.length), width);
  return [`  ${sign} ${cells}${style.dim(first.trimStart())}`, ...more.map(style.dim)];
}

/** "prevents rr; limits embedded; concerns the test hle". */
function gateWords({ gates }: Probe): string {
  const parts = [
    ["prevents", gates.engines],
    ["limits", gates.limits ?? []],
    [gates.tests.length === 1 ? "concerns the test" : "concerns the tests", gates.tests],
  ] as const;
  const told = parts.filter(([, names]) => names.length > 0);
  const words = told.map(([verb, names]) => `${verb} ${names.join(", ")}`).join("; ");
  const unless = waivers(gates);
  return unless.length === 0 ? words : `${words} (unless ${unless.join(" or ")})`;
}

function problemLines({ problems }: Examination, { style, width }: Page): string[] {
  return problems.flatMap(({ probe, finding }) => {
    const facts = [gateWords(probe), `remedy: ${remedyOf(probe, finding)}`, `source: ${probe.source}`];
    return [
      `  ${style.bad("✗")} ${style.strong(probe.name)}`,
      ...hanging(`${probe.title}: ${finding.state}, ${finding.evidence}`, INDENT, width),
      ...facts.filter(Boolean).flatMap((fact) => hanging(fact, INDENT, width).map(style.dim)),
    ];
  });
}

function objectionLines(objections: readonly Objection[], { style, width }: Page): string[] {
  return objections.flatMap(({ capability, evidence }) =>
    hanging(`${capability}: ${evidence}`, `${INDENT}  `, width).map(style.dim),
  );
}

function verdictLines({ verdicts, host }: Examination, page: Page): string[] {
  const { style, width } = page;
  return verdicts.flatMap(({ engine, runs, obstacles, limits, open }) => {
    const sure = host.kind === "live" || open.length === 0;
    const can = sure ? "can record and replay here" : "can record and replay there, as far as is told";
    const head = runs
      ? marked(style.good("✓"), `${engine}: ${can}${limits.length > 0 ? ", with limits" : ""}`, width)
      : marked(style.bad("✗"), `${engine}: can't run ${host.kind === "live" ? "here" : "there"}`, width);
    const unknowns = runs && open.length > 0 ? [`not known: ${open.join(", ")}`] : [];
    return [
      ...head,
      ...objectionLines(obstacles, page),
      ...objectionLines(limits, page),
      ...unknowns.flatMap((text) => hanging(text, `${INDENT}  `, width).map(style.dim)),
    ];
  });
}

/** The whole examination as text. */
export function doctorText(examination: Examination, page: Page): string {
  const { host, problems } = examination;
  const { style, width } = page;
  const under = host.hypervisor === undefined ? "no hypervisor" : `under ${host.hypervisor}`;
  const kernel = host.kernel === undefined ? "unknown kernel" : `Linux ${host.kernel}`;
  const who = host.kind === "live" ? "this machine" : `described host ${host.name}`;
  const groups = Object.entries(PROBE_GROUPS).flatMap(([title, probes]) => [
    style.strong(title),
    ...probes.flatMap((probe) => probeLines(probe, examination, page)),
    "",
  ]);
  const troubles =
    problems.length === 0
      ? []
      : [style.strong(counted(problems.length, "problem")), ...problemLines(examination, page), ""];
  return [
    ...wrap(
      `tickproof ${VERSION} on ${who}: ${host.processor}, ${under}, ${kernel}, Bun ${Bun.version}`,
      width,
    ),
    "",
    ...groups,
    ...troubles,
    style.strong("engines"),
    ...verdictLines(examination, page),
    "",
  ].join("\n");
}

/**
 * One probe's whole record, and what it found.
 *
 * @param found Its finding, and those of what it needs.
 */
export function explainText(probe: Probe, found: Capabilities, { style, width }: Page): string {
  const finding = found.get(probe.name);
  const needs = Object.entries(probe.needs ?? {}).map(([name, state]) => `${name} is ${state}`);
  const rows: [string, string][] = [
    ["found", `${finding?.state ?? "unknown"}: ${finding?.evidence ?? "not asked"}`],
    ["measures", probe.measures],
    ["threshold", probe.threshold],
    ["needs", needs.join(", ")],
    [probe.kind === "good" ? "without it" : "with it", gateWords(probe)],
    ["remedy", remedyOf(probe, finding)],
    ["source", probe.source],
  ];
  const column = 14;
  const lines = rows
    .filter(([, text]) => text !== "")
    .flatMap(([label, text]) => {
      const [first = "", ...more] = hanging(text, " ".repeat(column), width);
      return [`  ${style.dim(label.padEnd(column - 2))}${first.trimStart()}`, ...more];
    });
  return [`${mark(probe, found, style)} ${style.strong(probe.name)}: ${probe.title}`, ...lines, ""].join(
    "\n",
  );
}

/** The examination in the form that `--json` prints. */
export function doctorJson({ host, capabilities, problems, verdicts }: Examination): object {
  const wrong = new Set(problems.map(({ probe }) => probe.name));
  return {
    tickproof: VERSION,
    bun: Bun.version,
    host,
    capabilities: Object.fromEntries(
      PROBES.map(({ name, title, kind }) => [
        name,
        { title, kind, ...capabilities.get(name), problem: wrong.has(name) },
      ]),
    ),
    problems: problems.map(({ probe, probe: { name, gates, source }, finding }) => ({
      name,
      evidence: finding.evidence,
      gates,
      remedy: remedyOf(probe, finding),
      source,
    })),
    engines: verdicts,
  };
}
