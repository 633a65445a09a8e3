/** Drives the command line for whole-program tests, as a user does: in processes of its own. */
import { test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import type { Exit, RecordReport, ReplayReport } from "../runner/outcome/mod.ts";
import { signalNumber } from "../runner/text/mod.ts";

/** How long a whole-program test may take, in milliseconds. */
export const TEST_TIMEOUT = 120_000;

/** After this many milliseconds a process hangs. */
const HANG = 60_000;

/** Starts tickproof: the words before its arguments. */
export const TICKPROOF: readonly string[] = [process.execPath, resolve(import.meta.dir, "../runner/cli.ts")];

/** What a finished process left. */
export interface Ended {
  exit: Exit;
  stdout: Buffer;
  stderr: string;
}

/** Options of {@link run}. */
export interface RunOptions {
  stdin?: string | Uint8Array;
  environment?: Record<string, string>;
  /** @default that of the tests */
  cwd?: string;
  /** After this many milliseconds it hangs. @default a minute */
  hangsAfter?: number;
}

/** Options of {@link proveSame}. */
export interface ProofOptions extends RunOptions {
  /** Further options of `tickproof record`. */
  record?: readonly string[];
}

/** Runs a command to its end. */
export function run(
  command: readonly string[],
  { stdin, environment, cwd, hangsAfter = HANG }: RunOptions = {},
): Ended {
  const child = Bun.spawnSync([...command], {
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
    ...(cwd !== undefined && { cwd }),
    timeout: hangsAfter,
    killSignal: "SIGKILL",
  });
  if (child.exitedDueToTimeout) throw new Error(`it hangs: ${command.join(" ")}`);
  const exit = child.signalCode
    ? { signal: signalNumber(String(child.signalCode)) ?? 0 }
    : { code: child.exitCode };
  return { exit, stdout: child.stdout, stderr: child.stderr.toString() };
}

/** Whether a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** A temporary folder, gone at the end of the scope. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tickproof-suites-"));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A recording and its replay. */
export interface Proof {
  record: Ended & { report: RecordReport };
  replay: Ended & { report: ReplayReport };
}

/**
 * Records a command and replays it, and asserts that both agree in output, end and counts.
 *
 * @param command The program and its arguments.
 * @param options Its input and environment.
 */
export function proveSame(command: readonly string[], options: ProofOptions = {}): Proof {
  using scratch = new Scratch();
  const [trace, recordFile, replayFile] = ["trace", "record.json", "replay.json"].map((name) =>
    scratch.file(name),
  );
  assert(trace && recordFile && replayFile);
  const record = run(
    [
      ...TICKPROOF,
      "record",
      "-o",
      trace,
      "--quiet",
      "--report",
      recordFile,
      ...(options.record ?? []),
      "--",
      ...command,
    ],
    options,
  );
  const recordReport = readJson(recordFile, record) as RecordReport;
  assertEquals([recordReport.outcome, recordReport.message], ["recorded", ""]);
  assertEquals(record.exit, recordReport.exit, "record ends as the program did");

  const replay = run([...TICKPROOF, "replay", "--quiet", "--report", replayFile, trace]);
  const replayReport = readJson(replayFile, replay) as ReplayReport;
  assertEquals([replayReport.outcome, replayReport.message], ["replayed", ""]);
  assertEquals(replay.exit, record.exit, "replay ends as record did");
  assert(replay.stdout.equals(record.stdout), "replay prints what record printed");
  assertEquals(replay.stderr, record.stderr);
  for (const key of ["ticks", "events", "signals", "switches"] as const) {
    assertEquals(replayReport[key], recordReport[key], key);
  }
  return { record: { ...record, report: recordReport }, replay: { ...replay, report: replayReport } };
}

function readJson(path: string, ended: Ended): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new Error(
      `there is no report: it ended by ${JSON.stringify(ended.exit)} and said: ${ended.stderr}`,
    );
  }
}

/**
 * A test that needs programs of the host. Where one is missing it is skipped, with the reason in its name.
 *
 * @param name The test's name.
 * @param needed Programs that must be found in PATH.
 * @param body The test.
 */
export function hostTest(name: string, needed: readonly string[], body: () => void | Promise<void>): void {
  const missing = needed.filter((program) => Bun.which(program) === null);
  if (missing.length === 0) test(name, body, TEST_TIMEOUT);
  else test.skip(`${name} (skipped: this host has no ${missing.join(", ")})`, body);
}
