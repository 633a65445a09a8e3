/** Runs of tickproof in sessions of their own, so that it can be told what they leave behind. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TICKPROOF } from "../_tickproof.ts";

/** After this many milliseconds what has not ended never does. */
const HANG = 100_000;
/** How long what the kernel ends may take, in milliseconds. */
const GONE = 60_000;
/** Names of files that are not yet whole: those beside a result, in the store, beside `latest`, and of translations. */
const UNFINISHED = /\.new\b|\.new-|\.latest|\.\d+$/;

/** A run that has ended. */
export interface Run {
  exit: string;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

/** What has been started. */
export interface Running {
  pid: number;
  ended(): Promise<Run>;
}

/**
 * Starts tickproof in a session of its own, with caches and traces of its own.
 *
 * @param words Its arguments.
 * @param under A command that is to run it.
 */
export function start(
  folder: string,
  words: readonly string[],
  traces: string = join(folder, "traces"),
  under: readonly string[] = [],
): Running {
  const began = performance.now();
  const [stdout, stderr] = ["stdout", "stderr"].map((name) => join(folder, `${name}-${Bun.randomUUIDv7()}`));
  if (stdout === undefined || stderr === undefined) throw new Error("two files were to be named");
  writeFileSync(stdout, "");
  writeFileSync(stderr, "");
  const child = Bun.spawn([...under, ...TICKPROOF, ...words], {
    stdio: ["ignore", Bun.file(stdout), Bun.file(stderr)],
    env: { ...process.env, TICKPROOF_TRACES: traces, XDG_CACHE_HOME: join(folder, "cache") },
    detached: true,
    timeout: HANG,
    killSignal: "SIGABRT",
  });
  return {
    pid: child.pid,
    async ended(): Promise<Run> {
      await child.exited;
      const exit = child.signalCode === null ? `code ${child.exitCode}` : `signal ${child.signalCode}`;
      const milliseconds = performance.now() - began;
      const run = {
        exit,
        stdout: readFileSync(stdout, "utf8"),
        stderr: readFileSync(stderr, "utf8"),
        milliseconds,
      };
      rmSync(stdout);
      rmSync(stderr);
      return run;
    },
  };
}

/**
 * What a run should not have left: processes, segments of System V memory, files that are only half there.
 *
 * @param folder Where it kept its files.
 * @param tracer Its process, if that is not the session's first one.
 */
export async function leftBehind(folder: string, session: number, tracer = session): Promise<string[]> {
  const deadline = performance.now() + GONE;
  let left = members(session);
  while (left.length > 0 && performance.now() < deadline) {
    await Bun.sleep(5);
    left = members(session);
  }
  for (const pid of left) process.kill(pid, "SIGKILL");
  // proc_sysvipc(5): the fifth column is the process that has made a segment.
  const segments = readFileSync("/proc/sysvipc/shm", "utf8")
    .split("\n")
    .filter((line) => line.trim().split(/\s+/)[4] === String(tracer));
  const halves = everyFile(folder).filter((path) => UNFINISHED.test(path));
  for (const path of halves) rmSync(path, { force: true });
  return [
    ...left.map((pid) => `process ${pid} is left`),
    ...segments.map((line) => `a segment is left: ${line.trim()}`),
    ...halves.map((path) => `half a file is left: ${path}`),
  ];
}

/** The living processes of a session (proc_pid_stat(5): state, ppid, pgrp, session behind the name). */
export function members(session: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const [state, , , id] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(id) === session && state !== "Z" && state !== "X";
      } catch {
        return false; // it has just ended
      }
    });
}

/** All files below a folder. */
export function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}
