/** Assertions about recordings, beside those of `@std/assert`; a failure shows both sides. */

import { describeExit } from "../engines/mod.ts";
import { group } from "../text/mod.ts";
import { AssertionError } from "./assert.js";
import type { Divergence, Recording, Replay, Run } from "./recording.ts";

/** What was expected above what was found, one pair a line. */
function sides(pairs: readonly (readonly [what: string, expected: string, found: string])[]): string {
  const width = Math.max(...pairs.flatMap(([what]) => what.length));
  return pairs
    .flatMap(([what, expected, found]) => [
      `  ${what.padEnd(width)}  expected  ${expected}`,
      `  ${"".padEnd(width)}  found     ${found}`,
    ])
    .join("\n");
}

function divergenceText({ message, difference }: Divergence): string {
  if (!difference) return message;
  const { expected, found } = difference;
  const registers = Object.keys(expected.registers)
    .filter((name) => expected.registers[name] !== found.registers[name])
    .map((name) => [name, expected.registers[name] ?? "", found.registers[name] ?? ""] as const);
  const ticks = [["ticks", group(expected.ticks), group(found.ticks)] as const];
  return `${message}\n${sides([...ticks, ...registers])}`;
}

/**
 * Asserts that a recording replays: to its end, with the same output, end, ticks, signals and switches.
 *
 * @example const replay = await assertReplays(recording);
 * @returns The replay, for more questions.
 * @throws {AssertionError} With both sides of each difference.
 */
export async function assertReplays(recording: Recording): Promise<Replay> {
  const replay = await recording.replay();
  if (replay.divergence) {
    throw new AssertionError(`The recording does not replay: ${divergenceText(replay.divergence)}`);
  }
  const seen = (run: Run): [string, string][] => [
    ["exit", describeExit(run.exit)],
    ["ticks", group(run.ticks)],
    ["signals", group(run.signals)],
    ["switches", group(run.switches)],
    ["stdout", JSON.stringify(run.stdout)],
    ["stderr", JSON.stringify(run.stderr)],
  ];
  const found = new Map(seen(replay));
  const pairs = seen(recording).map(([what, expected]) => [what, expected, found.get(what) ?? ""] as const);
  const different = pairs.filter(([, expected, actual]) => expected !== actual);
  if (different.length > 0) throw new AssertionError(`The replay differs:\n${sides(different)}`);
  return replay;
}

/**
 * Asserts that runs have executed the same number of conditional branches.
 *
 * @example assertSameTicks(recording, await recording.replay());
 * @param first What the others are compared with.
 * @throws {AssertionError} With the ticks of the first one that differs.
 */
export function assertSameTicks(first: Run, ...others: readonly Run[]): void {
  for (const [index, { ticks }] of others.entries()) {
    if (ticks === first.ticks) continue;
    const by = `${group(Math.abs(ticks - first.ticks))} ${ticks > first.ticks ? "more" : "fewer"}`;
    throw new AssertionError(
      `Run ${index + 2} has other ticks than the first one (${by}):\n` +
        sides([["ticks", group(first.ticks), group(ticks)]]),
    );
  }
}

/** What `check` says of a condition. */
interface Checked {
  breaks?: { event?: number; frame: string };
}

/**
 * Asserts that a condition holds at no time of a recording, from the start of main on: what it is made of is watched.
 *
 * @example await assertNever(recording, "queue.length < 0");
 * @param condition For gdb; of variables that live as long as the program.
 * @throws {AssertionError} With the first place where it holds.
 * @throws {UsageError} If there is no gdb, the condition is none, or the processor can't watch what it is made of.
 */
export async function assertNever(recording: Recording, condition: string): Promise<void> {
  await assertOverTime(recording, "--never", condition, "holds");
}

/**
 * Asserts that a condition holds at all times of a recording, as {@link assertNever}.
 *
 * @example await assertAlways(recording, "queue.length <= 4");
 */
export async function assertAlways(recording: Recording, condition: string): Promise<void> {
  await assertOverTime(recording, "--always", condition, "does not hold");
}

async function assertOverTime(
  recording: Recording,
  option: "--never" | "--always",
  condition: string,
  what: string,
): Promise<void> {
  const { breaks } = (await recording.ask(["check", "--json", option, condition, ""])) as Checked;
  if (breaks === undefined) return;
  const { event, frame } = breaks;
  const where = event === undefined ? "at the start of main" : `before event ${event}: ${frame}`;
  throw new AssertionError(`'${condition}' ${what} ${where}`);
}
