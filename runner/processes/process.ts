/** Runs one process of a test: its output goes to files, its time is taken, and it ends in time. */
import { closeSync, openSync } from "node:fs";
import { readProcFile } from "../../engine/proc-file.ts";
import type { Exit } from "../outcome/mod.ts";
import { signalNumber } from "../text/mod.ts";
import type { Guard, Watch } from "./guard.ts";
import { type LeftProcess, leftBehind, newMark } from "./left-behind.ts";
import { type Asking, endTree, send } from "./process-tree.ts";
import { guardFromKill } from "./watchdog.ts";

/** How a process is asked to end. */
const ENDING: Asking = { graceMs: 2000 };
/**
 * The same for a recorder or a replayer. A recorder passes the signal on, and gives its program 2 seconds
 * (engine/record/stop-request.ts); then it must come to write the end of its trace, and where its threads stood.
 */
const TRACER_ENDING: Asking = { graceMs: 10_000, leaderOnly: true };
/** How often a guard looks at what it watches. */
const WATCH_MS = 50;
/** A process that is to be watched from its beginning stops itself first. */
const HELD: readonly string[] = ["/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh"];
const HELD_POLL_MS = 1;

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
  /** What it leaves running goes on until it is ended by `endServices`. @default false */
  services?: boolean;
  /** It is a recorder or a replayer, which ends its program itself and must come to write its report. @default false */
  traces?: boolean;
  /** Ends it before its time. */
  abort: AbortSignal;
  /**
   * What to do beside it.
   *
   * @param pid The process.
   * @param ended Aborted once it has ended: what is done here must end then, too.
   */
  onStart?: (pid: number, ended: AbortSignal) => Promise<void>;
  /** Looks at it when its time is up, before it is ended. */
  onTimeout?: (pid: number) => void;
  /** Watches it, and may have it stopped. @default nobody does */
  guard?: Guard | undefined;
}

/** How it ended. */
export type ProcessEnd =
  | {
      kind: "exited";
      exit: Exit;
      milliseconds: number;
      /** Processes that it has left behind, and that were killed. */
      left: readonly LeftProcess[];
      /** Kills what goes on where it may leave `services`; does nothing otherwise. */
      endServices: () => void;
    }
  | { kind: "timeout" }
  | { kind: "aborted" }
  /** The guard had it stopped, or has seen at its end that its result is worth nothing. */
  | { kind: "stopped"; reason: string };

type Why = { kind: "exited" } | Exclude<ProcessEnd, { kind: "exited" }>;

function exitOf({ signalCode, exitCode }: Bun.Subprocess): Exit {
  if (signalCode === null) return { code: exitCode ?? 0 };
  return { signal: typeof signalCode === "number" ? signalCode : (signalNumber(signalCode) ?? 0) };
}

/**
 * Runs a process to its end, in a group of its own, so that all of it can be ended.
 *
 * @param spec What to run, and for how long at most.
 * @returns How it ended; after all but "exited" nothing of it is left.
 */
export async function runProcess(spec: ProcessSpec): Promise<ProcessEnd> {
  if (spec.abort.aborted) return { kind: "aborted" };
  const spawned = performance.now();
  // A recorder finds what its program leaves by itself, and the program's environment is in the trace.
  const mark = spec.traces === true ? {} : newMark();
  const child = spawn(spec, mark);
  using watch = spec.guard === undefined ? undefined : await beginWatch(child, spec.guard);
  // One that is watched waits first: that time is not its own.
  const started = watch === undefined ? spawned : performance.now();
  const ended = new AbortController();
  const beside = spec.onStart?.(child.pid, ended.signal);
  const release = guardFromKill(child.pid);
  const why = await outcome(child, spec, watch);
  const milliseconds = performance.now() - started;
  ended.abort();
  if (why.kind === "timeout") spec.onTimeout?.(child.pid);
  if (why.kind !== "exited") await endTree(child, spec.traces ? TRACER_ENDING : ENDING);
  const end = () => {
    // Also what was started while it was ended.
    const left = endLeft(child.pid, spec, mark);
    release();
    return left;
  };
  const goesOn = spec.services === true && why.kind === "exited";
  const left = goesOn ? [] : end();
  await beside;
  if (why.kind !== "exited") return why;
  const reason = watch?.alarm();
  if (reason !== undefined) return { kind: "stopped", reason };
  return {
    kind: "exited",
    exit: exitOf(child),
    milliseconds,
    left,
    endServices: goesOn ? () => void end() : () => {},
  };
}

/** Kills what a program has left behind. @returns What that was. */
function endLeft(
  session: number,
  { stdout, stderr }: ProcessSpec,
  mark: Readonly<Record<string, string>>,
): LeftProcess[] {
  const left = leftBehind(session, [stdout, stderr], mark);
  send(
    "SIGKILL",
    left.map(({ pid }) => pid),
  );
  return left;
}

function spawn(spec: ProcessSpec, mark: Readonly<Record<string, string>>): Bun.Subprocess {
  const files = [
    openSync(spec.stdin ?? "/dev/null", "r"),
    openSync(spec.stdout, "w"),
    openSync(spec.stderr, "w"),
  ] as const;
  try {
    return Bun.spawn([...(spec.guard === undefined ? [] : HELD), ...spec.command], {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.environment, ...mark },
      stdio: [...files],
      detached: true,
    });
  } finally {
    for (const fd of files) closeSync(fd);
  }
}

/** The state of a process, the letter behind the name in parentheses (proc(5), /proc/pid/stat); undefined if it is gone. */
function stateOf(pid: number): string | undefined {
  const stat = readProcFile(`/proc/${pid}/stat`);
  return stat?.at(stat.lastIndexOf(")") + 2);
}

/** The watch over a process that something else has ended before. */
const GONE: Watch = {
  alarm: () => "it was ended before it could be watched",
  [Symbol.dispose]: () => {},
};

async function beginWatch(child: Bun.Subprocess, guard: Guard): Promise<Watch> {
  for (;;) {
    const state = stateOf(child.pid);
    if (state === undefined || state === "Z") return GONE;
    if (state === "T") break;
    await Bun.sleep(HELD_POLL_MS);
  }
  try {
    const watch = guard.watch(child.pid);
    process.kill(child.pid, "SIGCONT");
    return watch;
  } catch (error) {
    await endTree(child, { graceMs: 0 });
    throw error;
  }
}

/** Waits for the first of: the process ends, its time is up, the run is aborted, the guard is alarmed. */
function outcome(child: Bun.Subprocess, spec: ProcessSpec, watch: Watch | undefined): Promise<Why> {
  const { promise, resolve } = Promise.withResolvers<Why>();
  const timer = setTimeout(() => resolve({ kind: "timeout" }), spec.timeoutSeconds * 1000);
  const onAbort = () => resolve({ kind: "aborted" });
  const look = () => {
    const reason = watch?.alarm();
    if (reason !== undefined) resolve({ kind: "stopped", reason });
  };
  const watching = watch === undefined ? undefined : setInterval(look, WATCH_MS);
  spec.abort.addEventListener("abort", onAbort);
  void child.exited.then(() => resolve({ kind: "exited" }));
  return promise.finally(() => {
    clearTimeout(timer);
    clearInterval(watching);
    spec.abort.removeEventListener("abort", onAbort);
  });
}
