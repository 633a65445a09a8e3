/** Records a command, and says what can be expected of it. */

import { embeddedEngine, type Seen } from "../engines/mod.ts";
import { UsageError } from "../errors/mod.ts";
import type { Exit } from "../outcome/mod.ts";
import { runProcess } from "../processes/mod.ts";
import { AttemptFolder } from "../run/workspace.ts";

/** What one recording has shown. */
export interface Sighting {
  exit: Exit;
  ticks: number;
  stdout: Buffer;
}

/** Longest that a recording may take: that of tests, if they do not say. */
const SECONDS = 60;

/** What a recording is made with. */
export interface Observation {
  /** The program with its arguments. */
  command: readonly string[];
  cwd: string;
  /** A folder that is not there yet; the trace goes to it. */
  place: string;
  /** Starts tickproof: `[...tickproof, "record", …]`. */
  tickproof: readonly string[];
  /** Ends it early. */
  abort: AbortSignal;
}

/**
 * Records the command once; it has nothing to read from standard input.
 *
 * @returns What it has shown; undefined if it was ended early.
 * @throws {UsageError} If it can't be recorded, or takes too long.
 */
export async function observe({
  command,
  cwd,
  place,
  tickproof,
  abort,
}: Observation): Promise<Sighting | undefined> {
  const engine = embeddedEngine(tickproof);
  const files = new AttemptFolder(place);
  const [stdout, stderr] = [files.file("record", "stdout"), files.file("record", "stderr")];
  const end = await runProcess({
    command: engine.record(command, files, { host: undefined, sends: [] }).command,
    cwd,
    environment: {},
    stdin: undefined,
    stdout,
    stderr,
    timeoutSeconds: SECONDS,
    abort,
  });
  const [name = ""] = command;
  if (end.kind === "aborted") return undefined;
  if (end.kind !== "exited") {
    throw new UsageError(
      `${name} took longer than ${SECONDS} seconds, and was ended: name a command that ends by itself`,
    );
  }
  const seen: Seen = {
    exit: end.exit,
    stdout: Buffer.from(await Bun.file(stdout).bytes()),
    stderr: Buffer.from(await Bun.file(stderr).bytes()),
  };
  const outcome = await engine.read("record", seen, files);
  if ("verdict" in outcome) {
    const { verdict } = outcome;
    const words =
      verdict.kind === "fail" ? verdict.reasons.join("; ") : "reason" in verdict ? verdict.reason : "";
    throw new UsageError(`${name} can't be recorded: ${words}`);
  }
  return { exit: outcome.exit ?? seen.exit, ticks: outcome.counts.ticks ?? 0, stdout: outcome.stdout };
}
