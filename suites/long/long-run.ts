/**
 * A long recording, by hand: `runner/bun suites/long/long-run.ts [SECONDS] [THREADS]` records busy threads with a timer
 * each for that long (600 seconds, 5 threads by default), replays them, and tells how long both took and how much memory.
 * Fails if the replay prints something else or takes more than 1.5 times as long.
 */
import { resolve } from "node:path";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { wholeNumber } from "../_arguments.ts";
import { Scratch, TICKPROOF } from "../_tickproof.ts";

/** Most that a replay may take, as a multiple of the recording. */
const MOST = 1.5;

const seconds = wholeNumber("SECONDS", process.argv[2], 600, 1);
const threads = wholeNumber("THREADS", process.argv[3], 5, 1);

interface Side {
  output: string;
  code: number | null;
  wall: number;
  cpu: number;
  megabytes: number;
}

async function side(words: readonly string[]): Promise<Side> {
  const start = performance.now();
  const child = Bun.spawn([...TICKPROOF, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const output = await new Response(child.stdout).text();
  const code = await child.exited;
  const usage = child.resourceUsage();
  return {
    output,
    code,
    wall: (performance.now() - start) / 1e3,
    cpu: Number(usage?.cpuTime.total ?? 0) / 1e6,
    megabytes: (usage?.maxRSS ?? 0) / 1e6,
  };
}

function tell(name: string, { wall, cpu, megabytes }: Side): void {
  console.log(
    `${name.padEnd(7)} ${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of the processor, ${megabytes.toFixed(0)} MB at most`,
  );
}

using scratch = new Scratch();
const source = resolve(import.meta.dir, "busy_threads.c");
const compiled = await compile(source, findCompiler(), { root: scratch.path, flags: ["-pthread"] });
if (!compiled.ok) throw new Error(compiled.message);
const trace = scratch.file("trace");
const command = [compiled.path, String(seconds), String(threads)];
const record = await side(["record", "-q", "-o", trace, "--", ...command]);
tell("record", record);
const replay = await side(["replay", "-q", trace]);
tell("replay", replay);
const ratio = replay.wall / record.wall;
const isSame = record.code === 0 && replay.code === 0 && record.output === replay.output;
console.log(
  `replay takes ${ratio.toFixed(2)} times as long; the output is ${isSame ? "the same" : "DIFFERENT"}`,
);
process.exitCode = isSame && ratio <= MOST ? 0 : 1;
