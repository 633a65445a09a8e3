/** One random concurrent program, recorded under chaos and replayed: the output as it went out is compared. */
import { resolve } from "node:path";
import { compile } from "../../runner/programs/compile.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { run, Scratch, TICKPROOF } from "../_tickproof.ts";

/** Compiles the program; `root` is the folder that it is kept in. */
export async function compileRandomTasks(root: string): Promise<string> {
  const source = resolve(import.meta.dir, "random_tasks.c");
  const compiled = await compile(source, findCompiler(), { root, flags: ["-pthread"] });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.path;
}

/** How to run one seed. */
export interface SeedOptions {
  /** Steps of each task. */
  steps: number;
  /** Recorded by fair turns instead of chaos. @default false */
  fair?: boolean;
  /** Optimisations that are switched off, as TICKPROOF_NO has them. @default none */
  switchedOff?: string;
}

/**
 * Records and replays the program of a seed, both streams into one pipe.
 *
 * @param seed Of the program, and of the schedule.
 * @returns What went wrong, with what is needed to see it again; undefined if the replay is the same.
 */
export function proveSeed(
  program: string,
  seed: number,
  { steps, fair = false, switchedOff = "" }: SeedOptions,
): string | undefined {
  using scratch = new Scratch();
  const trace = scratch.file("trace");
  const schedule = fair ? [] : [`--chaos=${seed}`];
  const environment = { TICKPROOF_NO: switchedOff };
  const told = (what: string, output: string): string =>
    `seed ${seed}${switchedOff && ` without ${switchedOff}`}: ${what}: ${output.slice(-400)}`;
  const record = together(
    ["record", "-q", ...schedule, "-o", trace, "--", program, String(seed), String(steps)],
    environment,
  );
  if (record.code !== 0 || record.output === "")
    return told(`record ended with ${record.code}`, record.output);
  const replay = together(["replay", "-q", trace], environment);
  if (replay.code !== 0) return told(`replay ended with ${replay.code}`, replay.output);
  if (replay.output === record.output) return undefined;
  const lines = replay.output.split("\n");
  const at = record.output.split("\n").findIndex((line, i) => line !== lines[i]);
  return told(`line ${at + 1} differs`, `${record.output.split("\n")[at]} in the recording, ${lines[at]}`);
}

/** Runs tickproof with both streams in one pipe. */
function together(
  words: readonly string[],
  environment: Record<string, string>,
): { code: number | undefined; output: string } {
  const { exit, stdout } = run(["sh", "-c", 'exec "$0" "$@" 2>&1', ...TICKPROOF, ...words], { environment });
  return { code: "code" in exit ? exit.code : undefined, output: stdout.toString("latin1") };
}
