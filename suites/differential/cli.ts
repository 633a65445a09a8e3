/**
 * Differential execution by hand: `runner/bun suites/differential/cli.ts --seeds FROM..TO [--batch N] [--no-steps]
 * [--no NAMES]…`, where `--no each` tries each program with every optimisation on and off (`../_switched.ts`).
 * Exit code 1 if a program does not do recorded and replayed what it does natively; the smallest one is printed.
 */
import { parseArgs } from "node:util";
import { switchedOff } from "../_switched.ts";
import { failuresAmong, shrink } from "./_compare.ts";
import { assemblyOf, randomProgram } from "./_program.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1..1000" },
    batch: { type: "string", default: "100" },
    "no-steps": { type: "boolean", default: false },
    no: { type: "string", multiple: true, default: [] },
  },
});
const range = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds);
const size = Number(values.batch);
const from = Number(range?.[1]);
const to = Number(range?.[2] ?? range?.[1]);
if (!(from <= to) || !Number.isInteger(size) || size < 1) {
  console.error(
    `--seeds must be FROM..TO, the smaller one first, and --batch a number from 1: got '${values.seeds}' and '${values.batch}'`,
  );
  process.exit(2);
}
const options = { steps: !values["no-steps"], switchedOff: switchedOff(values.no) };

let failed = 0;
for (let first = from; first <= to; first += size) {
  const seeds = Array.from({ length: Math.min(size, to - first + 1) }, (_, i) => first + i);
  for (const failure of failuresAmong(seeds.map(randomProgram), options)) {
    failed++;
    const { program, what } = shrink(failure, options);
    const lines = assemblyOf(program, `seed${program.seed}`).split("\n");
    console.log(`seed ${program.seed}: ${failure.what}\nthe smallest: ${what}`);
    console.log(lines.filter((line) => line.trim() !== "").join("\n"));
  }
  console.error(`${Math.min(to, first + size - 1) - from + 1} programs, ${failed} failed`);
}
process.exit(failed === 0 ? 0 : 1);
