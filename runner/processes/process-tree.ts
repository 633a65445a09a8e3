/** Ends a process with all that it started: its group, and descendants that left the group. */
import { readdirSync, readFileSync } from "node:fs";

function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
      readFileSync(`/proc/${pid}/task/${tid}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return []; // it ended meanwhile
  }
}

/** All processes below one, nearest first. */
export function descendants(pid: number): number[] {
  const found = children(pid);
  for (const child of found) found.push(...children(child));
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

/** Kills all that this process has started, at once; a recorder takes its tracees with it (PTRACE_O_EXITKILL). */
export function killDescendants(): void {
  for (const pid of descendants(process.pid)) send(pid, "SIGKILL");
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
  send(leaderOnly ? child.pid : -child.pid, "SIGTERM");
  await Promise.race([child.exited, Bun.sleep(graceMs)]);
  for (const pid of new Set([...below, ...descendants(child.pid)])) send(pid, "SIGKILL");
  send(-child.pid, "SIGKILL");
  await child.exited;
}
