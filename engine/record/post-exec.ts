/**
 * Takes over a program at its first instruction after an execve: reads what the kernel has built, hides the
 * vdso, takes the right to execute from the program's text, and says all of it as an `exec` event.
 */
import { statSync } from "node:fs";
import { AT, close, O, open, PROT, SYSCALLS, SyscallError, type TraceeMemory } from "../../ffi/mod.ts";
import { Unsupported } from "../engine-error.ts";
import { type MapsLine, readMaps } from "../proc-maps.ts";
import type { MemoryWrite } from "../trace/events.ts";
import { TaskGone } from "../tracee/controller.ts";
import { type InjectedCall, injectAll } from "../tracee/injected-calls.ts";
import { givenRights, type Mapping, PAGE_SIZE, pageStart } from "../tracee/mappings.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { MappedFiles } from "./descriptors/mapped-files.ts";
import { growing, stackStart } from "./stack.ts";

/** Mappings of the kernel's own whose results no recording could give again. */
const KERNEL_OWNED = /^\[(vdso|vvar|vvar_vclock)\]$/;

/** Bytes of a gadget: `syscall; int3`. */
const GADGET = 3;

/** What a fresh program is made of. */
export interface PostExec {
  path: string;
  brk: number;
  mappings: Mapping[];
  writes: MemoryWrite[];
}

/**
 * Takes over a program at its first instruction. The task's space is new and holds a fresh cache space; afterwards the task
 * is ready to run.
 *
 * @throws Unsupported for programs that are not 64-bit, and where there is no executable memory to make calls at.
 * @throws TaskGone if it was killed meanwhile.
 */
export function postExec(tracer: Tracer, task: Task, files: MappedFiles): PostExec {
  const { space } = task;
  const { memory } = space;
  const pc = task.pc;
  const stackPointer = Number(task.stackPointer);
  const lines = readMaps(task.tid);
  const path = lines.find((line) => line.inode !== "0")?.name ?? "";
  if (!task.isWide) {
    throw new Unsupported(
      `Cannot record ${path}: it is a 32-bit program, and only 64-bit ones are supported`,
    );
  }
  for (const line of lines) {
    // The engine's picture first: regions of the cache must not land on the program.
    if (line.start < 2 ** 47 && !KERNEL_OWNED.test(line.name)) {
      space.mappings.add({ ...line, file: -1 });
    }
  }
  // Before anything is changed: the kernel joins neighbours that only the right to execute tells apart.
  const indices = fileIndices(task.tid, lines, files);
  const place = gadgetPlace(lines, pc, memory);
  if (place === undefined) {
    // Nothing can be read of one that was killed meanwhile, and nothing is mapped there.
    if (readMaps(task.tid).length === 0) throw new TaskGone(task);
    throw new Unsupported(
      `Cannot record a program that begins at 0x${pc.toString(16)}, where nothing can be executed: there is no vdso either`,
    );
  }
  tracer.mapper.adopt(task, place);
  hideVdso(task, stackPointer);
  const calls = lines.flatMap(({ name, start, end, protection }): InjectedCall[] => {
    if (KERNEL_OWNED.test(name)) return [[SYSCALLS.munmap, start, end - start]];
    if (start >= 2 ** 47 || (protection & PROT.EXEC) === 0) return [];
    return [[SYSCALLS.mprotect, start, end - start, givenRights(protection)]];
  });
  const brk = injectAll(tracer, task, [...calls, [SYSCALLS.brk, 0]]).at(-1)!;
  space.brkStart = space.brkEnd = brk;
  const writes: MemoryWrite[] = [];
  const mappings: Mapping[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.start >= 2 ** 47 || KERNEL_OWNED.test(line.name)) continue;
    const file = indices[i]!;
    const isFile = file >= 0;
    const mapping: Mapping = {
      ...line,
      file,
      offset: isFile ? line.offset : 0,
      ...(line.name === "[stack]" && growing(line, stackStart(task.tid, lines, line))),
    };
    mappings.push(mapping);
    space.mappings.add({ ...mapping });
    if (!(line.protection & PROT.WRITE)) continue;
    // The kernel has changed what it wrote (stack) or zeroed (the last page of .data); the rest is the file's. Nothing
    // was written to what is neither, which may be larger than memory.
    if (!isFile && line.name !== "[stack]") continue;
    const from = isFile ? line.end - PAGE_SIZE : pageStart(stackPointer);
    const bytes = memory.read(from, line.end - from).slice();
    if (bytes.length > 0) writes.push({ address: from, bytes });
  }
  tracer.flush(task);
  task.jumpTo(pc);
  return { path, brk, mappings, writes };
}

/**
 * Three bytes of executable memory to make system calls at: where the program begins, or, if there is nothing to be
 * executed there, in the vdso.
 *
 * @returns undefined where there is neither.
 */
function gadgetPlace(lines: readonly MapsLine[], pc: number, memory: TraceeMemory): number | undefined {
  const vdso = lines.find(({ name }) => name === "[vdso]");
  return [pc, vdso?.start ?? -1].find((address) => {
    const line = lines.find(({ start, end }) => start <= address && address + GADGET <= end);
    return line && line.protection & PROT.EXEC && memory.read(address, GADGET).length === GADGET;
  });
}

function isProgramFile({ start, inode, name }: MapsLine): boolean {
  return start < 2 ** 47 && inode !== "0" && !KERNEL_OWNED.test(name);
}

/** The index in the trace's file list for each mapping; -1 for those that are of no file. */
function fileIndices(tid: number, lines: readonly MapsLine[], files: MappedFiles): number[] {
  const known = new Map<string, number>();
  return lines.map((line) => {
    if (!isProgramFile(line)) return -1;
    const path = readablePath(tid, line);
    const key = `${line.inode} ${line.name}`;
    const index = known.get(key) ?? files.add(path, { ...line, file: -1 });
    known.set(key, index);
    return index;
  });
}

/**
 * Where the recorder can read a mapped file: by its name, or, if that is another file's by now, by the mapping, which
 * needs privilege. (Where file systems are laid over each other, kernels may show another inode for the same file.)
 */
function readablePath(tid: number, { start, end, name, inode }: MapsLine): string {
  const stat = statSync(name, { bigint: true, throwIfNoEntry: false });
  if (stat?.ino === BigInt(inode)) return name;
  const mapped = `/proc/${tid}/map_files/${start.toString(16)}-${end.toString(16)}`;
  return stat && !isReadable(mapped) ? name : mapped;
}

function isReadable(path: string): boolean {
  try {
    close(open(path, O.RDONLY));
    return true;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

/** Turns the auxiliary vector's pointer to the vdso into an entry that is ignored: time calls become system calls. */
function hideVdso(task: Task, stackPointer: number): void {
  const { memory } = task.space;
  const word = (address: number): number => Number(memory.readU64(address) ?? 0n);
  let at = stackPointer + 8 * (word(stackPointer) + 2);
  while (word(at) !== 0) at += 8;
  for (at += 8; word(at) !== AT.NULL; at += 16) {
    if (word(at) === AT.SYSINFO_EHDR) {
      const ignore = new Uint8Array(8);
      ignore[0] = AT.IGNORE;
      memory.write(at, ignore);
    }
  }
}
