/**
 * Memory that tracer and tracees share for the code cache: context and lookup table, which the code in the cache
 * writes, and regions of code, which no tracee may write.
 */

import { readFileSync } from "node:fs";
import { ERRNO, SHM, SharedSegment, SYSCALLS } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { CodeSegment, CodeUse, SegmentSource } from "./code-segment.ts";
import type { Task } from "./task.ts";

/** Makes a system call in the name of a task. */
export type Inject = (number: number, ...args: number[]) => number;

/** Where a piece goes in a task. */
export interface CodePlace {
  base: number;
  use: CodeUse;
  /** Whether something lies there that it takes the place of. */
  replace: boolean;
}

/** How it is made, and how tracees get it. */
export interface CodeMemory<S extends CodeSegment = CodeSegment> extends SegmentSource<S> {
  /** Whether a task gets pieces whoever it has become. */
  readonly reachesAll: boolean;
  /**
   * Maps a piece in a task.
   *
   * @param call Makes system calls in the name of the task.
   * @returns The address, or -errno.
   */
  attach(task: Task, call: Inject, segment: S, place: CodePlace): number;
}

/** By number (System V): needs neither a path nor a descriptor of the program, whoever it is by now. */
export class SegmentMemory implements CodeMemory<SharedSegment> {
  readonly isTrusted = true;
  readonly reachesAll = true;

  make(size: number): SharedSegment {
    return new SharedSegment(size);
  }

  attach(task: Task, call: Inject, segment: SharedSegment, { base, use, replace }: CodePlace): number {
    const flags = (use === "code" ? SHM.RDONLY | SHM.EXEC : 0) | (replace ? SHM.REMAP : 0);
    const result = call(SYSCALLS.shmat, segment.id, base, flags);
    if (result !== -ERRNO.EACCES) return result;
    // Code is shared with others, who may have more rights: nobody gets it to write to.
    const { user, group } = actor(task.tid);
    if (use === "code") segment.showTo(group);
    else segment.giveTo(user);
    return call(SYSCALLS.shmat, segment.id, base, flags);
  }
}

/** The user and the group in whose name a task acts (proc_pid_status(5): real, effective, saved, file system). */
function actor(tid: number): { user: number; group: number } {
  const status = readFileSync(`/proc/${tid}/status`, "latin1");
  const user = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
  const group = /^Gid:(?:\t\d+){3}\t(\d+)/m.exec(status)?.[1];
  invariant(user !== undefined && group !== undefined, `no user and group of task ${tid} in /proc`);
  return { user: Number(user), group: Number(group) };
}
