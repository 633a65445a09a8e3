/** Runs a program of tickproof to its exit code, and turns errors into words. */
import { visibleLines } from "../../ffi/mod.ts";
import {
  BAD_MANIFEST,
  describeError,
  INTERNAL,
  isUserError,
  ManifestError,
  NOTHING_MATCHED,
  NothingMatched,
  USAGE,
} from "../errors/mod.ts";
import { say } from "../output/mod.ts";
import { VERSION } from "../text/mod.ts";

/** Tells of an error; only faults of tickproof itself show where they happened. */
function explain(error: unknown): number {
  // Errors quote what came from elsewhere: the paths in a trace, the arguments of a program.
  const words = visibleLines(describeError(error));
  if (isUserError(error)) {
    say(`tickproof: ${words}\n`);
    if (error instanceof NothingMatched) return NOTHING_MATCHED;
    return error instanceof ManifestError ? BAD_MANIFEST : USAGE;
  }
  say(`tickproof: this is a fault of tickproof ${VERSION} itself; please report it:\n${words}\n`);
  return INTERNAL;
}

/**
 * Ends this process with the exit code of a program, or with that of the error that it threw.
 *
 * @param program Gives the exit code.
 */
export async function endWith(program: () => number | Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await program();
  } catch (error) {
    code = explain(error);
  }
  process.exit(code);
}
