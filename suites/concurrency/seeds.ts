/**
 * Concurrency by seed, by hand: `runner/bun suites/concurrency/seeds.ts FROM TO [STEPS] [--fair] [--no NAMES]…` records
 * and replays the random program of each seed, two at a time, and names the seeds that fail. `--no each` does so with every
 * optimisation on and off (`../_switched.ts`).
 */
import { parseArgs } from "node:util";
import { spawn } from "bun";
import { wholeNumber } from "../_arguments.ts";
import { switchedOff } from "../_switched.ts";
import { Scratch } from "../_tickproof.ts";
import { compileRandomTasks, proveSeed } from "./_prove.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fair: { type: "boolean", default: false },
    no: { type: "string", multiple: true, default: [] },
  },
});
const [first, behind, length] = positionals;
const from = wholeNumber("FROM", first, 0);
const to = wholeNumber("TO", behind, from + 100, from + 1);
const steps = wholeNumber("STEPS", length, 60, 1);
const { fair } = values;
const choices = switchedOff(values.no);
const part = process.env.TICKPROOF_SEEDS_PART;

if (part !== undefined) {
  const [program = "", first = "0"] = part.split(",");
  for (let seed = from + Number(first); seed < to; seed += 2) {
    for (const names of choices) {
      const failure = proveSeed(program, seed, { steps, fair, switchedOff: names });
      process.stdout.write(failure === undefined ? "." : `\n${failure}\n`);
      if (failure !== undefined) process.exitCode = 1;
    }
  }
} else {
  using scratch = new Scratch();
  const program = await compileRandomTasks(scratch.path);
  const codes = await Promise.all(
    ["0", "1"].map((first) => {
      const env = { ...process.env, TICKPROOF_SEEDS_PART: `${program},${first}` };
      const command = [process.execPath, import.meta.path, ...process.argv.slice(2)];
      return spawn(command, { env, stdio: ["ignore", "inherit", "inherit"] }).exited;
    }),
  );
  process.stdout.write(
    `\nseeds ${from} to ${to - 1}: ${codes.some((code) => code !== 0) ? "some failed" : "all replayed"}\n`,
  );
  process.exitCode = Math.max(...codes);
}
