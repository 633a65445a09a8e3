/** Programs natively, recorded and replayed: what differs, which program it is, and the smallest one that shows it. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import type { RecordReport, ReplayReport } from "../../runner/outcome/mod.ts";
import { run, Scratch, TICKPROOF } from "../_tickproof.ts";
import { build, symbolsOf } from "./_batch.ts";
import type { Program } from "./_program.ts";

/** Checks that a smaller program is tried for at most. */
const MAX_TRIES = 120;

/** What is compared. */
export interface CheckOptions {
  /** Count the ticks by single steps of the native run, too: some 10 µs for each instruction. */
  steps: boolean;
  /** Values of TICKPROOF_NO that each program is recorded and replayed with. @default [""] */
  switchedOff?: readonly string[];
}

/** A program that does not do the same. */
export interface Failure {
  program: Program;
  what: string;
}

/** Ticks of so many programs that do nothing, as a recording counts them. */
const idleTicks = new Map<number, number>();

/** The program that ends at once. */
const IDLE: Program = { seed: 0, changesItself: false, blocks: [] };

let stepper: { scratch: Scratch; path: string } | undefined;

function stepperPath(): string {
  if (!stepper) {
    const scratch = new Scratch();
    const path = scratch.file("stepper");
    const source = resolve(import.meta.dir, "stepper.c");
    const { exit, stderr } = run(["gcc", "-O1", "-o", path, source]);
    if (!("code" in exit) || exit.code !== 0) throw new Error(`the stepper does not compile: ${stderr}`);
    process.on("exit", () => scratch[Symbol.dispose]());
    stepper = { scratch, path };
  }
  return stepper.path;
}

/** Records a program. */
function recorded(
  program: string,
  scratch: Scratch,
  environment: Record<string, string>,
): { stdout: string; report: RecordReport; stderr: string } {
  const report = scratch.file("record.json");
  const command = [
    ...TICKPROOF,
    "record",
    "-o",
    scratch.file("trace"),
    "--quiet",
    "--report",
    report,
    "--",
    program,
  ];
  const { stdout, stderr } = run(command, { environment });
  return {
    stdout: stdout.toString(),
    stderr,
    report: JSON.parse(readFileSync(report, "utf8")) as RecordReport,
  };
}

function ticksOfIdle(count: number): number {
  let ticks = idleTicks.get(count);
  if (ticks === undefined) {
    using scratch = new Scratch();
    const program = build(
      Array.from({ length: count }, () => IDLE),
      scratch.path,
    );
    ({ ticks } = recorded(program, scratch, {}).report);
    idleTicks.set(count, ticks);
  }
  return ticks;
}

/**
 * Runs programs in one process natively, recorded and replayed.
 *
 * @returns What differs; undefined if nothing does.
 */
export function check(programs: readonly Program[], options: CheckOptions): string | undefined {
  try {
    return compared(programs, options);
  } catch (error) {
    // Too long for the recorder or the replayer is a failure like any other.
    if (error instanceof Error && error.message.startsWith("it hangs")) return error.message;
    throw error;
  }
}

function compared(
  programs: readonly Program[],
  { steps, switchedOff = [""] }: CheckOptions,
): string | undefined {
  using scratch = new Scratch();
  mkdirSync(scratch.path, { recursive: true });
  const program = build(programs, scratch.path);
  const native = run([program]);
  if (!("code" in native.exit) || native.exit.code !== 0)
    return `it ends natively by ${JSON.stringify(native.exit)}`;
  const expected = native.stdout.toString();
  const all: number[] = [];
  for (const names of switchedOff) {
    const { ticks, differs } = replayed(program, scratch, expected, { TICKPROOF_NO: names });
    if (differs !== undefined) return names === "" ? differs : `without ${names}: ${differs}`;
    all.push(ticks);
  }
  if (all.some((ticks) => ticks !== all[0])) return `ticks: ${all} without ${switchedOff.join("; ")}`;
  if (!steps) return undefined;
  const { enter, done } = symbolsOf(program);
  const stepped = run([stepperPath(), program, enter, done]);
  if (stepped.stdout.toString() !== expected)
    return `single steps change it: ${difference(expected, stepped.stdout.toString())}`;
  const counted = Number(stepped.stderr);
  const ticks = all[0]! - ticksOfIdle(programs.length);
  return counted === ticks ? undefined : `ticks: ${ticks} recorded, ${counted} counted by single steps`;
}

/** Records and replays a program whose native output is known. */
function replayed(
  program: string,
  scratch: Scratch,
  expected: string,
  environment: Record<string, string>,
): { ticks: number; differs?: string } {
  const record = recorded(program, scratch, environment);
  const { ticks } = record.report;
  const differing = (differs: string) => ({ ticks, differs });
  if (record.report.outcome !== "recorded")
    return differing(`record: ${record.report.outcome}, ${record.report.message} ${record.stderr}`);
  if (record.stdout !== expected) return differing(`record differs: ${difference(expected, record.stdout)}`);
  const file = scratch.file("replay.json");
  const trace = scratch.file("trace");
  const replay = run([...TICKPROOF, "replay", "--quiet", "--report", file, trace], { environment });
  const report = JSON.parse(readFileSync(file, "utf8")) as ReplayReport;
  if (report.outcome !== "replayed") return differing(`replay: ${report.outcome}, ${report.message}`);
  if (replay.stdout.toString() !== expected)
    return differing(`replay differs: ${difference(expected, replay.stdout.toString())}`);
  if (report.ticks !== ticks) return differing(`ticks: ${ticks} recorded, ${report.ticks} replayed`);
  rmSync(trace, { recursive: true });
  return { ticks };
}

/** The first line that differs: seed, hash, faults. */
function difference(expected: string, got: string): string {
  const lines = got.split("\n");
  const at = expected.split("\n").findIndex((line, i) => line !== lines[i]);
  return `'${expected.split("\n")[at]}' natively, '${lines[at] ?? ""}' here (seed, hash, faults)`;
}

/** The programs among these that do not do the same, found by halves. */
export function failuresAmong(programs: readonly Program[], options: CheckOptions): Failure[] {
  const what = check(programs, options);
  if (what === undefined) return [];
  const [first] = programs;
  if (programs.length === 1 && first) return [{ program: first, what }];
  const middle = programs.length >> 1;
  const found = [
    ...failuresAmong(programs.slice(0, middle), options),
    ...failuresAmong(programs.slice(middle), options),
  ];
  // Only together they fail: the first one stands for all.
  return found.length > 0 || !first
    ? found
    : [{ program: first, what: `only together with others: ${what}` }];
}

/** The smallest program that still fails, as far as leaving out pieces leads there. */
export function shrink(failure: Failure, options: CheckOptions): Failure {
  let best = failure;
  let tries = 0;
  const attempt = (program: Program): boolean => {
    if (tries++ >= MAX_TRIES) return false;
    const what = tryCheck(program, options);
    if (what === undefined) return false;
    best = { program, what };
    return true;
  };
  const pieces = (): Piece[] =>
    best.program.blocks.flatMap(({ lines, branch }, b) => [
      ...lines.flatMap((text, line) => (text === "" ? [] : [{ b, line }])),
      ...(branch === "" ? [] : [{ b, line: -1 }]),
    ]);
  for (let size = pieces().length; size >= 1 && tries < MAX_TRIES; size = size >> 1) {
    const left = pieces();
    for (let at = left.length; at > 0; at -= size) {
      attempt(without(best.program, left.slice(Math.max(0, at - size), at)));
    }
  }
  return best;
}

/** An instruction of a block, or (-1) its branch. */
interface Piece {
  b: number;
  line: number;
}

function without(program: Program, gone: readonly Piece[]): Program {
  const isGone = (b: number, line: number): boolean =>
    gone.some((piece) => piece.b === b && piece.line === line);
  const blocks = program.blocks.map(({ lines, branch }, b) => ({
    // What is left out stays as an empty line: the others keep their numbers.
    lines: lines.map((text, line) => (isGone(b, line) ? "" : text)),
    branch: isGone(b, -1) ? "" : branch,
  }));
  return { ...program, blocks };
}

/** As {@link check}; a program that can't be built or ends natively otherwise is none that shows anything. */
function tryCheck(program: Program, options: CheckOptions): string | undefined {
  try {
    const what = check([program], options);
    return what?.startsWith("it ends natively") ? undefined : what;
  } catch (error) {
    if (error instanceof Error && /does not compile|hangs/.test(error.message)) return undefined;
    throw error;
  }
}
