/**
 * A soak, by hand: `runner/bun suites/long/soak.ts [MINUTES]` runs all suites again and again for an hour by default,
 * with both processors busy, and random concurrent programs of new seeds between them. Ends at the first failure.
 */
import { availableParallelism } from "node:os";
import { wholeNumber } from "../_arguments.ts";
import { Scratch, TICKPROOF } from "../_tickproof.ts";
import { compileRandomTasks, proveSeed } from "../concurrency/_prove.ts";

const SEEDS = 50;
const STEPS = 60;

const minutes = wholeNumber("MINUTES", process.argv[2], 60, 1);
const end = Date.now() + minutes * 60_000;
using scratch = new Scratch();
const program = await compileRandomTasks(scratch.path);
const load = Array.from({ length: availableParallelism() }, () =>
  Bun.spawn(["sh", "-c", "while :; do :; done"]),
);
try {
  let seed = Date.now() % 2 ** 31;
  for (let round = 1; Date.now() < end && process.exitCode !== 1; round++) {
    const suites = Bun.spawnSync([...TICKPROOF, "suites"], { stdio: ["ignore", "pipe", "pipe"] });
    const said = suites.stdout.toString();
    if (suites.exitCode !== 0) fail(said.slice(-4000));
    const last = seed + SEEDS;
    for (; seed < last; seed++) {
      const failure = proveSeed(program, seed, { steps: STEPS });
      if (failure !== undefined) fail(failure);
    }
    console.log(`round ${round}: ${said.trimEnd().split("\n").at(-1)}; seeds to ${seed - 1}`);
  }
} finally {
  for (const each of load) each.kill("SIGKILL");
}

function fail(why: string): void {
  console.log(why);
  process.exitCode = 1;
}
