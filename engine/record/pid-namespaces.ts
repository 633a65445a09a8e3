/**
 * Namespaces of process ids: a task in one has an id there beside the recorder's, and what the program says and is told is
 * the former. What calls return and write needs no care, as the kernel gives it; this is for ids that the recorder looks at
 * itself, and for the end of a namespace, whose other tasks die with its first process before that can be waited for
 * (pid_namespaces(7); zap_pid_ns_processes in kernel/pid_namespace.c, Linux 6.18). An interceptor.
 */
import { readlinkSync } from "node:fs";
import { CLONE, SYSCALLS } from "../../ffi/mod.ts";
import { isErrnoException } from "../errno-exception.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import { readProcFile } from "../proc-file.ts";
import type { Call } from "./call.ts";
import { cloneRequest } from "./clone-request.ts";
import type { Interceptor } from "./interceptor.ts";
import type { PidPlace } from "./pid-place.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";

/** The id that a task has in its own namespace. */
export function ownId({ pidPlace, id }: RecordedTask): number {
  return pidPlace?.id ?? id;
}

/** Whether a process is the first one of a namespace. */
export function isFirstOfNamespace({ tasks }: RecordedProcess): boolean {
  for (const { pidPlace } of tasks) if (pidPlace?.id === 1) return true;
  return false;
}

/** Finds out where tasks are, once there may be namespaces. */
export class PidNamespaces implements Interceptor {
  #isInUse = false;
  readonly #own = readlinkSync("/proc/self/ns/pid");

  constructor(private readonly recording: { readonly tasks: ReadonlyMap<number, RecordedTask> }) {}

  spares(): readonly BufferedCall[] {
    return BUFFERED;
  }

  enters(_task: RecordedTask, call: Call): void {
    this.#isInUse ||= call.number === SYSCALLS.setns || asksForNamespace(call);
  }

  born(_parent: RecordedTask, child: RecordedTask): void {
    if (this.#isInUse) child.pidPlace = placeOf(child.tid, this.#own);
  }

  /** The task that another one calls by an id, or the leader of such a process. */
  find({ pidPlace }: RecordedTask, id: number): RecordedTask | undefined {
    const { tasks } = this.recording;
    if (pidPlace === undefined) {
      return tasks.get(id) ?? [...tasks.values()].find(({ process }) => process.id === id);
    }
    return [...tasks.values()].find(
      ({ pidPlace: place }) => place?.namespace === pidPlace.namespace && place.id === id,
    );
  }

  /** The tasks that die with a process because it is the first one of their namespace, or of one around it. */
  dieWith(process: RecordedProcess): RecordedTask[] {
    const leader = [...process.tasks].find(({ pidPlace }) => pidPlace?.id === 1);
    const namespace = leader?.pidPlace?.namespace;
    if (namespace === undefined) return [];
    const others = [...this.recording.tasks.values()].filter((task) => task.process !== process);
    const members = new Set(others.filter(({ pidPlace }) => pidPlace?.namespace === namespace));
    // A namespace within it was made by one of them.
    for (let before = -1; before !== members.size; ) {
      before = members.size;
      const pids = new Set([process, ...[...members].map((task) => task.process)].map(({ pid }) => pid));
      for (const task of others) if (pids.has(parentOf(task.process.pid))) members.add(task);
    }
    return [...members];
  }
}

function asksForNamespace(call: Call): boolean {
  if (call.number === SYSCALLS.unshare) return (call.int(0) & CLONE.NEWPID) !== 0;
  const request = cloneRequest(call);
  return request !== undefined && (request.flags & CLONE.NEWPID) !== 0;
}

function placeOf(tid: number, own: string): PidPlace | undefined {
  try {
    const namespace = readlinkSync(`/proc/${tid}/ns/pid`);
    if (namespace === own) return undefined;
    const ids = /^NSpid:\s*(.*)$/m.exec(readProcFile(`/proc/${tid}/status`) ?? "")?.[1] ?? "";
    return { namespace, id: Number(ids.split(/\s+/).at(-1)) };
  } catch (error) {
    // It was killed before anybody could look.
    if (isErrnoException(error, "ENOENT")) return undefined;
    throw error;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readProcFile(`/proc/${pid}/status`) ?? "")?.[1] ?? 0);
}
