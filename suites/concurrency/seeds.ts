/**
 * Concurrency by seed, by hand: `runner/bun suites/concurrency/seeds.ts FROM TO [STEPS] [--fair]` records and replays
 * the random program of each seed, two at a time, and names the seeds that fail.
 */
import { spawn } from "bun";
import { Scratch } from "../_tickproof.ts";
import { compileRandomTasks, proveSeed } from "./_prove.ts";

const [from = 0, to = 100, steps = 60] = process.argv.slice(2).map(Number).filter(Number.isInteger);
const fair = process.argv.includes("--fair");
const part = process.env.TICKPROOF_SEEDS_PART;

if (part !== undefined) {
  const [program = "", first = "0"] = part.split(",");
  for (let seed = from + Number(first); seed < to; seed += 2) {
    const failure = proveSeed(program, seed, { steps, fair });
    process.stdout.write(failure === undefined ? "." : `\n${failure}\n`);
    if (failure !== undefined) process.exitCode = 1;
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
