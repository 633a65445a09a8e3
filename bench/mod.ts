/** `bun run bench`: what recording and replaying cost, beside the native run, measured side by side. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "../runner/args/mod.ts";
import { OK } from "../runner/exit-codes.ts";
import { endWith } from "../runner/main.ts";
import { isRichTerminal, print, say } from "../runner/output.ts";
import { group } from "../runner/plural.ts";
import { styleFor } from "../runner/reporters/style.ts";
import { layOut } from "../runner/reporters/table.ts";
import { type Measurement, measure } from "./measure.ts";
import { programs } from "./programs.ts";

const RUNS = 5;

const bench = defineCommand({
  name: "bench",
  summary: "Measure native, record and replay of some programs, in turn; medians",
  options: {
    runs: { kind: "count", value: "N", help: `how often each is run (default ${RUNS})` },
    filter: { kind: "text", value: "TEXT", help: "only programs whose name has this in it" },
    json: { kind: "flag", help: "print one JSON object instead of the table" },
  },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options: { runs = RUNS, filter = "", json } }) {
    const scratch = mkdtempSync(join(tmpdir(), "tickproof-bench-"));
    try {
      const chosen = (await programs(scratch)).filter(({ name }) => name.includes(filter));
      const results = chosen.map((program) =>
        measure(program, runs, scratch, (run) => say(`${program.name}: run ${run} of ${runs}\n`)),
      );
      print(json ? `${JSON.stringify({ host: host(), runs, results }, null, 2)}\n` : table(results, runs));
    } finally {
      rmSync(scratch, { recursive: true });
    }
    return OK;
  },
});

function host(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores, Linux ${release()}, Bun ${Bun.version}`;
}

function table(results: readonly Measurement[], runs: number): string {
  const style = styleFor(isRichTerminal(1));
  const titles = ["program", "native", "record", "", "replay", "", "ticks"];
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const);
  const seconds = (milliseconds: number) => ({ text: `${(milliseconds / 1000).toFixed(3)} s` });
  const ratio = (part: number, whole: number) => ({ text: `${(part / whole).toFixed(2)}×` });
  const rows = results.map(({ name, native, record, replay, ticks }) => [
    { text: name },
    seconds(native),
    seconds(record),
    ratio(record, native),
    seconds(replay),
    ratio(replay, native),
    { text: group(ticks) },
  ]);
  const note = `medians of ${runs} runs each, whole processes; ${host()}`;
  return `${[...layOut(columns, rows, style.dim), style.dim(note)].join("\n")}\n`;
}

await endWith(() => bench.execute(process.argv.slice(2)));
