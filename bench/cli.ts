/** `bun run bench`: the benchmarks by name, their tables, and files of their results. */
import { didYouMean } from "../ffi/mod.ts";
import { defineCommand } from "../runner/args/mod.ts";
import { OK, SIGNAL_BASE, UsageError } from "../runner/errors/mod.ts";
import { checkWritable, writeWhole } from "../runner/files/mod.ts";
import { Interrupted } from "../runner/host/interrupted.ts";
import { isRichTerminal, print } from "../runner/output/mod.ts";
import { endWith } from "../runner/start/mod.ts";
import { benchEngine, engineTable } from "./engine.ts";

const NAMES = ["counters", "engine", "suites"];
/** Those that need packages of others are run only when they are named. */
const USUAL = ["counters", "engine"];

/** The benchmarks that were asked for, in the order of {@link NAMES}. */
function chosen(names: readonly string[]): ReadonlySet<string> {
  for (const name of names) {
    if (NAMES.includes(name)) continue;
    const hint = didYouMean(name, NAMES) || `: it is one of ${NAMES.join(", ")}`;
    throw new UsageError(`there is no benchmark '${name}'${hint}`);
  }
  return new Set(names.length > 0 ? names : USUAL);
}

/** Refuses options of a benchmark that is not run: they would be lost without a word. */
function checkMeant(
  options: Readonly<Record<string, unknown>>,
  owner: string,
  names: ReadonlySet<string>,
): void {
  const given = Object.keys(options).find((name) => options[name] !== undefined);
  if (given === undefined || names.has(owner)) return;
  throw new UsageError(`'--${given}' is for the benchmark '${owner}', which is not run: name it too`);
}

const bench = defineCommand({
  name: "bench",
  start: "npm run bench --",
  summary: "Measure what reading counters costs beside C, and what recording and replaying cost",
  details: [
    "Benchmarks, by default the first two:",
    "  counters  each way to read and switch a performance counter, beside the same loop in C, in turn",
    "  engine    programs run natively, recorded and replayed, in turn",
    "  suites    whole test suites of others likewise: one in Node, one in Python, one in C",
  ].join("\n"),
  options: {
    filter: { kind: "text", value: "TEXT", help: "only rows (programs) whose name has this in it" },
    rounds: { kind: "count", value: "N", help: "counters: how often Bun and C take turns (default 100)" },
    runs: { kind: "count", value: "N", help: "engine, suites: how often each program is run (default 5)" },
    json: { kind: "text", value: "FILE", help: "write the results as JSON" },
    svg: { kind: "text", value: "FILE", help: "counters: draw the distributions" },
  },
  positionals: { usage: "[NAME…]", min: 0, max: NAMES.length },
  async run({ options: { filter, rounds, runs, json, svg }, positionals }) {
    const names = chosen(positionals);
    checkMeant({ rounds, svg }, "counters", names);
    if (!names.has("suites")) checkMeant({ runs }, "engine", names);
    if (filter !== undefined && names.size > 1) {
      throw new UsageError(`'--filter' is for one benchmark: name one of ${NAMES.join(", ")}`);
    }
    if (json !== undefined) checkWritable("--json", json);
    if (svg !== undefined) checkWritable("--svg", svg);
    const results: Record<string, unknown> = {};
    if (names.has("counters")) {
      const { benchCounters, countersTable, drawCounters } = await import("./counters/mod.ts");
      const report = await benchCounters({ filter, rounds });
      results.counters = report;
      print(countersTable(report, isRichTerminal(1)));
      if (svg !== undefined) writeWhole(svg, await drawCounters(report));
    }
    if (names.has("engine")) {
      const report = await benchEngine({ filter, runs });
      if (report instanceof Interrupted) return SIGNAL_BASE + report.signal;
      results.engine = report;
      print(`${names.size > 1 ? "\n" : ""}${engineTable(report)}`);
    }
    if (names.has("suites")) {
      const report = await benchEngine({ filter, runs, suites: true });
      if (report instanceof Interrupted) return SIGNAL_BASE + report.signal;
      results.suites = report;
      print(`${names.size > 1 ? "\n" : ""}${engineTable(report)}`);
    }
    if (json !== undefined) writeWhole(json, `${JSON.stringify(results, null, 2)}\n`);
    return OK;
  },
});

await endWith(() => bench.execute(process.argv.slice(2)));
