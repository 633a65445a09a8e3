/** What the survey has found, as data (`results.yaml`) and as the page of it (`docs/programs.md`). */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";

const RESULTS = resolve(import.meta.dir, "results.yaml");
export const PAGE = resolve(import.meta.dir, "../../docs/programs.md");

const PROGRAM = z.strictObject({
  name: z.string(),
  packages: z.array(z.string()),
  run: z.string(),
  file: z.string().optional(),
  varies: z.boolean().optional(),
});
/** A program of the survey: the fields are explained at the head of `programs.yaml`. */
export type Program = z.infer<typeof PROGRAM>;

const RESULT = z.strictObject({
  name: z.string(),
  recorded: z.number(),
  replayed: z.number(),
  /** What went wrong, at the first recording or replay that did. */
  wrong: z.string().optional(),
  /** Of the native run. */
  seconds: z.number(),
  /** Medians, as ratios to the native run. */
  record: z.number().optional(),
  replay: z.number().optional(),
});
/** What came of a program: how many recordings and replays went right. */
export type Result = z.infer<typeof RESULT>;

export function readPrograms(): Program[] {
  return z.array(PROGRAM).parse(parse(readFileSync(resolve(import.meta.dir, "programs.yaml"), "utf8")));
}

/** @returns The results so far, in the order of the programs. */
export function readResults(): Result[] {
  if (!existsSync(RESULTS)) return [];
  const results = z.array(RESULT).parse(parse(readFileSync(RESULTS, "utf8")));
  const places = new Map(readPrograms().map(({ name }, i) => [name, i]));
  return results
    .filter(({ name }) => places.has(name))
    .sort((a, b) => places.get(a.name)! - places.get(b.name)!);
}

export function writeResults(results: readonly Result[]): void {
  writeFileSync(RESULTS, stringify(results, { lineWidth: 0 }));
}

/** The page: a table with a line for each program. */
export function pageOf(programs: readonly Program[], results: readonly Result[]): string {
  const right = results.filter(({ wrong }) => wrong === undefined).length;
  const lines = programs.map(({ name, packages }) => {
    const result = results.find((each) => each.name === name);
    const cells = result === undefined ? ["not tried", "", "", ""] : cellsOf(result);
    return `| ${[name, packages.join(", "), ...cells].join(" | ")} |`;
  });
  return `# Programs that were tried

Made by \`runner/bun suites/survey/run.ts\`, from \`suites/survey/programs.yaml\` (what each runs) and \`results.yaml\`. Each is recorded
some times, and each recording replayed; right is what ends as natively and prints the same bytes natively, recorded and replayed,
both streams in one file (where the output is another each time, recorded and replayed alone are compared). Ratios are medians of
whole runs to one native run on a busy machine: take them as orders of magnitude.

${right} of ${results.length} are right.

| program | packages | result | native, s | record | replay |
| --- | --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}

function cellsOf({ recorded, replayed, wrong, seconds, record, replay }: Result): string[] {
  const result =
    wrong === undefined
      ? `${recorded} recorded, ${replayed} replayed`
      : `after ${recorded}: ${escaped(wrong)}`;
  const ratio = (value: number | undefined) => (value === undefined ? "" : `${value}×`);
  return [result, String(seconds), ratio(record), ratio(replay)];
}

/** A text as a cell of a table. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").slice(0, 300);
}
