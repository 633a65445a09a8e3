/** Runs one process of a test: its output goes to files, its time is taken, and it ends in time. */
import { closeSync, openSync } from "node:fs";
import type { Exit } from "../report.ts";
import { signalNumber } from "../signals.ts";
import { endTree } from "./process-tree.ts";

/** How long a process may take to end after SIGTERM. */
const GRACE_MS = 2000;

/** What to run. */
export interface ProcessSpec {
  command: readonly string[];
  cwd: string;
  environment: Readonly<Record<string, string>>;
  /** File that is its standard input; nothing to read if undefined. */
  stdin: string | undefined;
  /** Files for its output. */
  stdout: string;
  stderr: string;
  timeoutSeconds: number;
  /** Ends it before its time. */
  abort: AbortSignal;
  /**
   * What to do beside it.
   *
   * @param pid The process.
   * @param ended Aborted once it has ended: what is done here must end then, too.
   */
  onStart?: (pid: number, ended: AbortSignal) => Promise<void>;
}

/** How it ended. */
export type ProcessEnd =
  | { kind: "exited"; exit: Exit; milliseconds: number }
  | { kind: "timeout" }
  | { kind: "aborted" };

function exitOf({ signalCode, exitCode }: Bun.Subprocess): Exit {
  if (signalCode === null) return { code: exitCode ?? 0 };
  return { signal: typeof signalCode === "number" ? signalCode : (signalNumber(signalCode) ?? 0) };
}

/**
 * Runs a process to its end, in a group of its own, so that all of it can be ended.
 *
 * @param spec What to run, and for how long at most.
 * @returns How it ended; after "timeout" and "aborted" nothing of it is left.
 */
export async function runProcess(spec: ProcessSpec): Promise<ProcessEnd> {
  if (spec.abort.aborted) return { kind: "aborted" };
  const files = [
    openSync(spec.stdin ?? "/dev/null", "r"),
    openSync(spec.stdout, "w"),
    openSync(spec.stderr, "w"),
  ] as const;
  const started = performance.now();
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn([...spec.command], {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.environment },
      stdio: [...files],
      detached: true,
    });
  } finally {
    for (const fd of files) closeSync(fd);
  }
  const ended = new AbortController();
  const beside = spec.onStart?.(child.pid, ended.signal);
  const why = await outcome(child, spec);
  const milliseconds = performance.now() - started;
  ended.abort();
  if (why !== "exited") await endTree(child, GRACE_MS);
  await beside;
  return why === "exited" ? { kind: "exited", exit: exitOf(child), milliseconds } : { kind: why };
}

/** Waits for the first of: the process ends, its time is up, the run is aborted. */
function outcome(child: Bun.Subprocess, spec: ProcessSpec): Promise<ProcessEnd["kind"]> {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd["kind"]>();
  const timer = setTimeout(() => resolve("timeout"), spec.timeoutSeconds * 1000);
  const onAbort = () => resolve("aborted");
  spec.abort.addEventListener("abort", onAbort);
  void child.exited.then(() => resolve("exited"));
  return promise.finally(() => {
    clearTimeout(timer);
    spec.abort.removeEventListener("abort", onAbort);
  });
}
