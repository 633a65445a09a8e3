/** Answers of `tickproof doctor --require` and `--compare`. */
import { type Capabilities, type Examination, type Finding, PROBES } from "../host/mod.ts";
import type { Page } from "./doctor.ts";
import { layOut } from "./table.ts";

/** A requirement, and what was found. */
export interface Required {
  readonly name: string;
  readonly required: Finding["state"];
  readonly found: Finding["state"];
  readonly evidence: string;
  readonly met: boolean;
}

/** What was found of each capability that there must be. */
export function requiredOf(
  requirements: readonly { readonly name: string; readonly state: Finding["state"] }[],
  found: Capabilities,
): Required[] {
  return requirements.map(({ name, state }) => {
    const { state: is = "unknown", evidence = "not asked" } = found.get(name) ?? {};
    return { name, required: state, found: is, evidence, met: is === state };
  });
}

/** A line for each requirement. */
export function requiredText(all: readonly Required[], { style }: Page): string {
  const lines = all.map(({ name, required, found, evidence, met }) => {
    const mark = met ? style.good("✓") : style.bad("✗");
    return `${mark} ${name} is ${found}${met ? "" : `, not ${required}`}: ${evidence}`;
  });
  return `${lines.join("\n")}\n`;
}

/** A capability that hosts don't have alike. */
interface Difference {
  readonly capability: string;
  readonly findings: readonly (Finding | undefined)[];
}

function differences(examinations: readonly Examination[]): Difference[] {
  return PROBES.map(({ name }) => ({
    capability: name,
    findings: examinations.map(({ capabilities }) => capabilities.get(name)),
  })).filter(({ findings }) => new Set(findings.map((finding) => finding?.state)).size > 1);
}

/** Capabilities that differ, with a column for each host; then which engines run where. */
export function compareText(examinations: readonly Examination[], { style }: Page): string {
  const columns = ["", ...examinations.map(({ host }) => host.name)].map((title) => ({
    title,
    align: "left" as const,
  }));
  const rows = differences(examinations).map(({ capability, findings }) => [
    { text: capability },
    ...findings.map((finding) => ({ text: finding?.state ?? "unknown" })),
  ]);
  const engines = (examinations[0]?.verdicts ?? []).map(({ engine }, index) => [
    { text: `engine ${engine}` },
    ...examinations.map(({ verdicts }) => ({ text: verdicts[index]?.runs ? "runs" : "can't run" })),
  ]);
  return `${layOut(columns, [...rows, ...engines], style.strong).join("\n")}\n`;
}

/** The same as JSON, with evidence. */
export function compareJson(examinations: readonly Examination[]): object {
  return {
    hosts: examinations.map(({ host }) => host),
    differences: Object.fromEntries(
      differences(examinations).map(({ capability, findings }) => [capability, findings]),
    ),
    engines: examinations.map(({ verdicts }) => verdicts),
  };
}
