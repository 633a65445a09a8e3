/**
 * The states of many sleeping tasks, which are asked for after whatever may have woken one of them: their files of /proc
 * stay open, since opening one takes longer than reading it.
 */
import { readFileSync } from "node:fs";
import { close } from "../../ffi/mod.ts";
import { isAwakeBy, openStat } from "./kernel-state.ts";

/** Most files that are kept open, and the share of what the recorder may open (`ulimit -n`). */
const MOST_OPEN = 128;
const SHARE = 1 / 8;

/** The open files of /proc/TID/stat, by the ids of their tasks. */
export class StatFiles implements Disposable {
  readonly #open = new Map<number, number>();
  readonly #most = Math.min(MOST_OPEN, Math.floor(SHARE * limitOfOpenFiles()));

  /** Whether a task is at work in the kernel: it neither sleeps nor has stopped. */
  isAwake(tid: number): boolean {
    const fd = this.#open.get(tid) ?? this.#add(tid);
    if (fd === undefined) return false;
    const awake = isAwakeBy(fd);
    // The task is gone, and its id may be another one's by now: that has a file of its own.
    if (awake === undefined) this.#drop(tid, fd);
    return awake ?? false;
  }

  #add(tid: number): number | undefined {
    const fd = openStat(tid);
    if (fd === undefined) return undefined;
    if (this.#open.size >= this.#most) this[Symbol.dispose]();
    this.#open.set(tid, fd);
    return fd;
  }

  #drop(tid: number, fd: number): void {
    this.#open.delete(tid);
    close(fd);
  }

  [Symbol.dispose](): void {
    for (const [tid, fd] of this.#open) this.#drop(tid, fd);
  }
}

/** How many files this process may have open (proc_pid_limits(5)). */
function limitOfOpenFiles(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
