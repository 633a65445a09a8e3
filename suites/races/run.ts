/**
 * Hunts each of the races, and shows which are found, how soon, and how often without chaos. By hand:
 * `runner/bun suites/races/run.ts [SECONDS]`, the seconds for each of them.
 */
import type { HuntReport } from "../../runner/hunt/report.ts";
import { Scratch, TICKPROOF } from "../_tickproof.ts";
import { compileRace, RACES } from "./_races.ts";

const seconds = process.argv[2] ?? "20";
using scratch = new Scratch();

/** Seconds after which a run of a race hangs. */
const HANG = "4";

function hunt(program: string, words: readonly string[]): HuntReport {
  const command = [...TICKPROOF, "hunt", "-q", "--json", "--again", "0", "--timeout", HANG];
  const { stdout, stderr } = Bun.spawnSync([...command, ...words, "--", program], {
    env: { ...process.env, TICKPROOF_TRACES: scratch.file("traces") },
  });
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString()) as HuntReport;
}

let found = 0;
let foundFairly = 0;
for (const name of RACES) {
  const program = await compileRace(name, scratch.path);
  const fair = hunt(program, ["--fair", "--runs", "5"]);
  const chaos = hunt(program, ["--time", seconds]);
  const [failure] = chaos.failures;
  found += chaos.failed > 0 ? 1 : 0;
  foundFairly += fair.failed > 0 ? 1 : 0;
  const after = `run ${String(chaos.runs).padStart(4)}, ${chaos.seconds.toFixed(1).padStart(5)} s`;
  const end = failure === undefined ? "not found" : `seed ${failure.seed}: ${failure.why}`;
  console.log(`${name.padEnd(16)} ${fair.failed > 0 ? "fair" : "    "}  ${after}  ${end}`);
}
console.log(`${found} of ${RACES.length} found; by fair turns ${foundFairly}`);
