/** Does one job on this host: unpacks its bundle, runs its test in a process of its own, and tells what came of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { isErrnoException } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import { endTree } from "../processes/mod.ts";
import type { Verdict } from "../results/mod.ts";
import { type Claim, MOST_LOSSES } from "./claims.ts";
import type { JobResult, JobSpec, Progress } from "./protocol.ts";
import type { FleetStore } from "./store.ts";
import type { SentTrace } from "./traces.ts";
import type { Contents } from "./transfer.ts";
import type { WorkerLine } from "./worker.ts";

const WORKER = resolve(import.meta.dir, "worker.ts");

/** How long a worker may take to end what it has started. */
const GRACE_MS = 20_000;
/** So much of what a worker says on standard error is shown where it fails. */
const TAIL = 4000;

/** What a job is done with. */
export interface Means {
  store: FleetStore;
  contents: Contents;
  /** Folder for those of jobs. */
  folder: string;
  /** This host's name. */
  agent: string;
  onProgress: (progress: Progress) => void;
  /** Ends it before its time. */
  abort: AbortSignal;
}

/** What came of it: a result, or why it has to be done elsewhere. */
export type Performed = { result: JobResult; traces?: readonly SentTrace[] } | { returned: string };

/** Does a job. @throws Only what the store throws. */
export async function perform(claimed: Claim, means: Means): Promise<Performed> {
  const { spec, before } = claimed;
  if ("fault" in spec) return { result: broken(1, spec.fault) };
  if (before.length >= MOST_LOSSES) {
    return {
      result: broken(
        spec.number,
        `it was tried ${before.length} times, and no agent came to its end: ${before.join("; ")}`,
      ),
    };
  }
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(means.folder, "job-"));
    await means.contents.unpack(means.store, claimed.bundle, folder);
    return await run(spec, folder, means);
  } catch (error) {
    // The disk of this host is full, or not to be written to: another one may do it.
    if (isErrnoException(error, ...OF_THE_HOST)) return { returned: error.message };
    if (!(error instanceof UsageError)) throw error;
    return { result: broken(spec.number, error.message) };
  } finally {
    if (folder !== undefined) remove(folder);
  }
}

function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    // What a test has locked away stays until the agent's own folder goes: its result counts all the same.
    if (!isErrnoException(error, "EACCES", "EPERM", "EBUSY", "ENOTEMPTY")) throw error;
  }
}

/** What a host refuses that another one may have. */
const OF_THE_HOST = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "EACCES", "ENOMEM"] as const;

async function run(spec: JobSpec, folder: string, means: Means): Promise<Performed> {
  const cwd = join(folder, spec.folder);
  if (relative(folder, cwd).startsWith("..")) {
    return {
      result: broken(spec.number, `the job's folder ${JSON.stringify(spec.folder)} leads out of its bundle`),
    };
  }
  const child = Bun.spawn([process.execPath, WORKER], {
    cwd,
    env: environment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  child.stdin.write(`${JSON.stringify(spec)}\n`);
  await child.stdin.flush();
  const errors = tailOf(child.stderr);
  const onAbort = () => void endTree(child, { graceMs: GRACE_MS, leaderOnly: true });
  means.abort.addEventListener("abort", onAbort);
  if (means.abort.aborted) onAbort();
  let last: Exclude<WorkerLine, { is: "event" }> | undefined;
  for await (const text of linesOf(child.stdout)) {
    const line = lineOf(text);
    if (line?.is === "event") means.onProgress(line.event as Progress);
    else if (line !== undefined) last = line;
  }
  await child.exited;
  means.abort.removeEventListener("abort", onAbort);
  if (means.abort.aborted) return { returned: "it was ended" };
  if (last?.is === "result") return { result: last.result };
  if (last?.is === "refused") return { result: broken(spec.number, last.reason) };
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  return {
    result: broken(
      spec.number,
      `its worker on ${means.agent} ended with ${how} and no result: ${(await errors).trim()}`,
    ),
  };
}

/** The store's password is not for the programs under test. */
function environment(): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter(
    (name) => name !== "TICKPROOF_STORE" && !/^PG[A-Z]/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of stream) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function lineOf(text: string): WorkerLine | undefined {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A program under test has this agent's rights, and may write anything there.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function tailOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  const decoder = new TextDecoder();
  for await (const part of stream) tail = (tail + decoder.decode(part, { stream: true })).slice(-TAIL);
  return tail;
}

/** The result of a job that could not be run. */
export function broken(number: number, reason: string): JobResult {
  return withoutRun(number, { kind: "broken", reason });
}

/** The result of a job that was not run. */
export function withoutRun(number: number, verdict: Verdict): JobResult {
  const engine = "embedded";
  return {
    engine,
    engineLabel: engine,
    attempts: [{ number, engine, verdict, milliseconds: {} }],
    problems: [],
  };
}
