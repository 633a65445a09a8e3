/** Ends a process with all that it started: its group, and descendants that left the group. */
import { readdirSync } from "node:fs";
import { isErrnoException } from "../../engine/errno-exception.ts";
import { readProcFile, saysGone } from "../../engine/proc-file.ts";
import { UsageError } from "../errors/mod.ts";

function children(pid: number): number[] {
  return threads(pid).flatMap((tid) => childrenOfThread(pid, tid));
}

/** Children that a thread has started. */
function childrenOfThread(pid: number, tid: number | string): number[] {
  return (readProcFile(`/proc/${pid}/task/${tid}/children`) ?? "").split(" ").filter(Boolean).map(Number);
}

/** @returns The program that a recorder has started, its first child; undefined if there is none, or the recorder is gone. */
export function programOf(recorder: number): number | undefined {
  return childrenOfThread(recorder, recorder)[0];
}

/** Thread ids of a process; none if it is gone. */
function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (saysGone(error)) return [];
    throw error;
  }
}

/** All processes below one, nearest first. */
export function descendants(pid: number): number[] {
  const found = children(pid);
  for (const child of found) found.push(...children(child));
  return found;
}

/**
 * Signals processes, or a group by its negative id; those that ended meanwhile need none.
 *
 * @throws {UsageError} Behind the last of them, if one may not be signalled: it has taken another user's rights.
 */
export function send(signal: NodeJS.Signals, pids: Iterable<number>): void {
  const refused: number[] = [];
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (isErrnoException(error, "EPERM")) refused.push(pid);
      else if (!isErrnoException(error, "ESRCH")) throw error;
    }
  }
  if (refused.length > 0) {
    throw new UsageError(
      `process ${refused.join(", ")} can't be ended: it has another user's rights, end it as that user`,
    );
  }
}

/** Kills all that this process has started, at once; a recorder takes its tracees with it (PTRACE_O_EXITKILL). */
export function killDescendants(): void {
  send("SIGKILL", descendants(process.pid));
}

/** How a tree is asked to end. */
export interface Asking {
  /** How long it may take after SIGTERM. */
  graceMs: number;
  /** Only the leader is asked, which ends what it has started itself. @default all of its group are */
  leaderOnly?: boolean;
}

/**
 * Ends a process tree: SIGTERM, some time to end in an orderly way, then SIGKILL.
 *
 * @param child A process that leads a group of its own.
 */
export async function endTree(child: Bun.Subprocess, { graceMs, leaderOnly = false }: Asking): Promise<void> {
  const below = descendants(child.pid);
  send("SIGTERM", [leaderOnly ? child.pid : -child.pid]);
  await Promise.race([child.exited, Bun.sleep(graceMs)]);
  send("SIGKILL", new Set([...below, ...descendants(child.pid), -child.pid]));
  await child.exited;
}
