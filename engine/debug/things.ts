/**
 * What tasks touch besides memory, as if it were memory: names of files and their contents, descriptors, and the signals of a
 * process. Two tasks meet there as they do at a variable: one looks whether a file is there, another one makes it.
 */
import { posix } from "node:path";
import { AT_FDCWD, SYSCALLS } from "../../ffi/mod.ts";
import {
  asksToWrite,
  type CallView,
  changesOf,
  holds,
  type SyscallSpec,
  syscallSpec,
} from "../kernel/mod.ts";
import type { TraceEvent } from "../trace/events.ts";

/** Something that is touched by its name. */
export interface Thing {
  /** For the user: "the file /tmp/lock", "descriptor 3 of process 12". */
  name: string;
  isWrite: boolean;
  /** It is the signals of a process. */
  isSignal?: true;
  /** The file of a descriptor, whose name is to be found. */
  descriptor?: number;
}

/** What is known of whoever does it. */
export interface Doer {
  process: number;
  /** The working directory that the recording began in: that of most programs to their end. */
  cwd: string;
  /** The process of a task. */
  processOf(task: number): number;
  /** The parent of a process. */
  parentOf(process: number): number | undefined;
}

/** What a system call touches. Its arguments are asked for in front of it, its result is that of the event. */
export function thingsOfCall(call: CallView, doer: Doer): Thing[] {
  const spec = syscallSpec(call.number);
  if (spec === undefined) return [];
  return [...filesOf(spec, call, doer), ...descriptorsOf(spec, call, doer), ...sentSignals(call, doer)];
}

/** What an event that is no system call touches: a signal that comes, a process that ends, a call in which a task goes to sleep. */
export function thingsOfEvent(event: TraceEvent, doer: Doer): Thing[] {
  const { process } = doer;
  switch (event.kind) {
    case "signal":
      return event.point === "fault" ? [] : [signalsTo(process, false)];
    case "switch":
      // Whoever sleeps in a call is broken off by a signal.
      return event.point === "syscall" ? [signalsTo(process, false)] : [];
    case "exit": {
      const parent = event.task === process ? doer.parentOf(process) : undefined;
      return parent === undefined ? [] : [signalsTo(parent, true)];
    }
    default:
      return [];
  }
}

function signalsTo(process: number, isWrite: boolean): Thing {
  return { name: `the signals of process ${process}`, isWrite, isSignal: true };
}

function sentSignals(call: CallView, { processOf }: Doer): Thing[] {
  if (call.result < 0) return [];
  switch (call.number) {
    case SYSCALLS.tgkill:
    case SYSCALLS.kill:
    case SYSCALLS.rt_sigqueueinfo:
    case SYSCALLS.rt_tgsigqueueinfo:
      return call.int(0) > 0 ? [signalsTo(call.int(0), true)] : [];
    case SYSCALLS.tkill:
      return [signalsTo(processOf(call.int(0)), true)];
    default:
      return [];
  }
}

/** The name of a file by its path, as far as the names alone tell. */
export function fileName(path: string, folder: number, cwd: string): string {
  if (path.startsWith("/")) return `the file ${posix.normalize(path)}`;
  if (folder === AT_FDCWD) return `the file ${posix.join(cwd, path)}`;
  return `the file ${posix.normalize(path)} in descriptor ${folder}`;
}

/** The path that an opening call names, as {@link fileName} has it. */
export function openedName(spec: SyscallSpec, call: CallView, cwd: string): string | undefined {
  const { opens } = spec;
  if (opens === undefined) return undefined;
  const folder = opens.folder === undefined ? AT_FDCWD : call.int(opens.folder);
  return fileName(call.string(call.argument(opens.path)), folder, cwd);
}

function filesOf(spec: SyscallSpec, call: CallView, { cwd }: Doer): Thing[] {
  const hasFailed = call.result < 0;
  const { opens, looksAt } = spec;
  const found: Thing[] = [];
  if (looksAt !== undefined) {
    const path = call.string(call.argument(looksAt.path));
    const folder = looksAt.folder === undefined ? AT_FDCWD : call.int(looksAt.folder);
    // An empty path is the descriptor itself.
    if (path !== "") found.push({ name: fileName(path, folder, cwd), isWrite: false });
  }
  const opened = openedName(spec, call, cwd);
  if (opens !== undefined && opened !== undefined) {
    const isWrite = !hasFailed && holds(asksToWrite(opens.flags), call);
    found.push({ name: opened, isWrite });
  } else if (spec.changes !== "unknown") {
    for (const change of changesOf(spec, call)) {
      if (change.kind === "path")
        found.push({ name: fileName(change.path, change.fd, cwd), isWrite: !hasFailed });
      if (change.kind === "descriptor") found.push(contentsOf(change.fd, !hasFailed));
    }
  }
  return found;
}

function contentsOf(descriptor: number, isWrite: boolean): Thing {
  return { name: "", isWrite, descriptor };
}

function descriptorsOf(spec: SyscallSpec, call: CallView, { process }: Doer): Thing[] {
  const named = (descriptor: number, isWrite: boolean): Thing => ({
    name: `descriptor ${descriptor} of process ${process}`,
    isWrite,
  });
  const { descriptors, reads, sends, contents } = spec;
  const changed = contents.flatMap(({ file }) => ("fd" in file && file.fd !== "result" ? [file.fd] : []));
  const used = new Set([reads?.fd, sends?.fd, ...changed].filter((at) => at !== undefined));
  const found = [...used].flatMap((at) => [
    named(call.int(at), false),
    contentsOf(call.int(at), at !== reads?.fd && call.result >= 0),
  ]);
  if (descriptors?.kind === "given" && call.result >= 0) found.push(named(call.result, true));
  if (descriptors?.kind === "closed" && call.result >= 0) found.push(named(call.int(descriptors.at), true));
  return found;
}
