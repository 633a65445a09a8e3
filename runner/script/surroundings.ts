/** What a script's tests stand on, whoever runs them: recordings and programs relative to the script. */
import { dirname, resolve } from "node:path";
import type { Surroundings } from "./context.ts";
import { buildProgram } from "./program.ts";
import { Recording } from "./recording.ts";

/** Starts tickproof's command line, for recordings in processes of their own. */
const ENGINE: readonly string[] = [process.execPath, resolve(import.meta.dir, "../cli.ts")];

/**
 * Makes the surroundings of one run of one test.
 *
 * @param file The script.
 * @param files An existing folder for its recordings.
 * @param signal Aborted when the test is to end.
 * @param onStep Told of each step's end.
 */
export function surroundings(
  file: string,
  files: string,
  signal: AbortSignal,
  onStep: NonNullable<Surroundings["onStep"]>,
): Surroundings {
  const folder = dirname(file);
  const bench = { engine: ENGINE, folder, files, signal };
  return {
    record: (program, args, options) => Recording.make(bench, program, args, options),
    compile: (source, options) => buildProgram(source, folder, options),
    onStep,
  };
}
