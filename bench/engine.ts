/** What recording and replaying cost, beside the native run, measured side by side. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../runner/errors/mod.ts";
import { Interrupted, untilInterrupted } from "../runner/host/interrupted.ts";
import { isRichTerminal, say } from "../runner/output/mod.ts";
import { styleFor } from "../runner/reporters/style.ts";
import { layOut } from "../runner/reporters/table.ts";
import { counted, group } from "../runner/text/mod.ts";
import { host } from "./host.ts";
import { type Measurement, measure } from "./measure.ts";
import { programs } from "./programs.ts";
import { testSuites } from "./test-suites.ts";

const RUNS = 5;

/** What to run. */
export interface EngineBenchOptions {
  /** How often each program is run. @default 5 */
  readonly runs?: number | undefined;
  /** Only programs whose name has this in it. @default all */
  readonly filter?: string | undefined;
  /** Whole test suites of others, in place of programs. @default false */
  readonly suites?: boolean;
}

/** What a run of the benchmark gave. */
export interface EngineReport {
  readonly host: string;
  readonly runs: number;
  readonly results: readonly Measurement[];
}

/**
 * Runs the programs natively, recorded and replayed, in turn.
 *
 * @returns What was measured, or which signal ended it.
 * @throws UsageError when no program has `filter` in its name.
 */
export async function benchEngine({
  runs = RUNS,
  filter = "",
  suites = false,
}: EngineBenchOptions = {}): Promise<EngineReport | Interrupted> {
  const scratch = mkdtempSync(join(tmpdir(), "tickproof-bench-"));
  try {
    const all = suites ? testSuites(scratch) : await programs(scratch);
    const chosen = all.filter(({ name }) => name.includes(filter));
    if (chosen.length === 0) {
      const names = all.map(({ name }) => `'${name}'`).join(", ");
      throw new UsageError(
        `no program of '${suites ? "suites" : "engine"}' has '${filter}' in its name: they are ${names}`,
      );
    }
    const results = untilInterrupted(() =>
      chosen.map((program) =>
        measure(program, runs, scratch, (run) => say(`${program.name}: run ${run} of ${runs}\n`)),
      ),
    );
    return results instanceof Interrupted ? results : { host: host(), runs, results };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The report for people. */
export function engineTable({ host, runs, results }: EngineReport): string {
  const style = styleFor(isRichTerminal(1));
  const titles = ["program", "native", "record", "", "replay", "", "stops", "memory", "trace", "ticks"];
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const);
  const seconds = (milliseconds: number) => ({ text: `${(milliseconds / 1000).toFixed(3)} s` });
  const ratio = (part: number, whole: number) => ({ text: `${(part / whole).toFixed(2)}×` });
  const rows = results.map(({ name, native, record, replay, ticks, ...counts }) => [
    { text: name },
    seconds(native),
    seconds(record),
    ratio(record, native),
    seconds(replay),
    ratio(replay, native),
    { text: group(counts.stops) },
    { text: `${Math.round(counts.memory / 1e6)} MB` },
    { text: `${Math.ceil(counts.traceBytes / 1000)} KB` },
    { text: group(ticks) },
  ]);
  const note = `medians of ${counted(runs, "run")} each, whole processes; ${host}`;
  return `${[...layOut(columns, rows, style.dim), style.dim(note)].join("\n")}\n`;
}
