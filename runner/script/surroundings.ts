/** What a script's tests stand on, whoever runs them: recordings and programs relative to the script. */
import { dirname } from "node:path";
import { liveHost } from "../host/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import type { Surroundings } from "./context.ts";
import type { TestOptions } from "./definition.ts";
import { hostOf, ScriptHost } from "./host.ts";
import { buildProgram } from "./program.ts";
import { Recording } from "./recording.ts";

/** One for all tests: what was found out once holds for the whole script. */
const live = new ScriptHost(liveHost);

/**
 * Makes the surroundings of one run of one test.
 *
 * @param file The script.
 * @param test What it says of the test.
 * @param files An existing folder for its recordings.
 * @param signal Aborted when the test is to end.
 * @param onStep Told of each step's end.
 */
export function surroundings(
  file: string,
  { host, permissions }: Pick<TestOptions, "host" | "permissions">,
  files: string,
  signal: AbortSignal,
  onStep: NonNullable<Surroundings["onStep"]>,
): Surroundings {
  const folder = dirname(file);
  const disposed: string[] = [];
  const bench = { engine: TICKPROOF, folder, files, signal, disposed, host, permissions };
  return {
    host: host === undefined ? live : new ScriptHost(hostOf(host, folder)),
    record: (program, args, options) => Recording.make(bench, program, args, options),
    compile: (source, options) => buildProgram(source, folder, options),
    onStep,
  };
}
