/** Rebuilds recorded memory in a replayed process: whole address spaces, and single mappings. */
import { readFileSync, statSync } from "node:fs";
import { AT_FDCWD, close, ftruncate, MAP, memfdCreate, O, PROT, SYSCALLS } from "../../ffi/mod.ts";
import { EngineError, invariant } from "../engine-error.ts";
import type { MappingRecord, MemoryWrite } from "../trace/events.ts";
import { copyData, type TraceReader } from "../trace/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import { SEGMENT_PREFIX } from "../tracee/memory-calls.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";

/** Makes a system call in the name of a task. */
type Inject = (number: number, ...args: number[]) => number;

/** See the file's head. */
export class Rebuilder implements Disposable {
  /** Copies of files that were mapped shared: what one process writes there the others have to see. */
  private readonly shared = new Map<number, { fd: number; size: number }>();

  /** What stands for segments of System V shared memory, by their names in the trace. */
  private readonly segments = new Map<string, number>();

  constructor(
    private readonly tracer: Tracer,
    private readonly reader: TraceReader,
  ) {}

  /** Maps what was mapped in the recording, at the same place. */
  map(task: Task, mapping: MappingRecord): void {
    const { start, end } = mapping;
    const protection = mapping.protection & ~PROT.EXEC;
    const flags = MAP.FIXED | MAP.NORESERVE | (mapping.shared ? MAP.SHARED : MAP.PRIVATE);
    const call = (number: number, ...args: number[]): number => this.tracer.inject(task, number, ...args);
    let result: number;
    if (mapping.name.startsWith(SEGMENT_PREFIX)) {
      result = this.mapFile(call, task, this.segment(mapping), mapping);
    } else if (mapping.file < 0) {
      result = call(SYSCALLS.mmap, start, end - start, protection, flags | MAP.ANONYMOUS, -1, 0);
    } else {
      const path = mapping.shared ? this.sharedCopy(mapping.file) : this.reader.filePath(mapping.file);
      result = this.mapFile(call, task, path, mapping);
    }
    if (result !== start) {
      throw new EngineError(
        `Cannot replay: memory at 0x${start.toString(16)} can't be mapped (errno ${-result})`,
      );
    }
  }

  /** Maps a part of a file at its place. @returns Its address, or -errno. */
  private mapFile(call: Inject, task: Task, path: string, mapping: MappingRecord): number {
    const { start, end, shared, offset } = mapping;
    const at = this.tracer.mapper.scratchString(task.space.image, path);
    const fd = call(SYSCALLS.openat, AT_FDCWD, at, (shared ? O.RDWR : O.RDONLY) | O.CLOEXEC, 0);
    if (fd < 0) throw new EngineError(`Cannot replay: ${path} can't be opened by the program (errno ${-fd})`);
    const flags = MAP.FIXED | MAP.NORESERVE | (shared ? MAP.SHARED : MAP.PRIVATE);
    const result = call(
      SYSCALLS.mmap,
      start,
      end - start,
      mapping.protection & ~PROT.EXEC,
      flags,
      fd,
      offset,
    );
    call(SYSCALLS.close, fd);
    return result;
  }

  /** Empties the address space of a task, all but the engine's own parts. */
  clear(task: Task, own: readonly { start: number; end: number }[]): void {
    for (const line of readFileSync(`/proc/${task.tid}/maps`, "utf8").split("\n")) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
      if (!match) continue;
      const start = Number.parseInt(match[1]!, 16);
      const end = Number.parseInt(match[2]!, 16);
      if (start >= 2 ** 47 || own.some((part) => start < part.end && end > part.start)) continue;
      const result = this.tracer.inject(task, SYSCALLS.munmap, start, end - start);
      invariant(result === 0, `the blank program's memory at 0x${start.toString(16)} stays (${result})`);
    }
  }

  /** Builds the memory of a program at its first instruction. */
  populate(task: Task, mappings: readonly MappingRecord[]): void {
    for (const mapping of mappings) this.map(task, mapping);
  }

  /** Puts bytes back that the kernel wrote in the recording. */
  write(space: AddressSpace, writes: readonly MemoryWrite[]): void {
    for (const { address, bytes } of writes) {
      const mapping = space.mappings.find(address);
      if (mapping?.shared && mapping.file >= 0) {
        this.extend(mapping.file, mapping.offset + (address - mapping.start) + bytes.length);
      }
      space.memory.write(address, bytes);
    }
  }

  /** A file that is mapped shared is at least as long as what was seen of it. */
  private extend(file: number, size: number): void {
    const copy = this.shared.get(file);
    if (!copy || copy.size >= size) return;
    ftruncate(copy.fd, size);
    copy.size = size;
  }

  private sharedCopy(file: number): string {
    let copy = this.shared.get(file);
    if (!copy) {
      const path = this.reader.filePath(file);
      copy = { fd: memfdCreate("tickproof-shared"), size: statSync(path).size };
      copyData(path, copy.fd, copy.size);
      this.shared.set(file, copy);
    }
    return `/proc/${process.pid}/fd/${copy.fd}`;
  }

  /** What stands for a segment of System V shared memory: the same for all that attach it. */
  private segment({ name, start, end }: MappingRecord): string {
    let fd = this.segments.get(name);
    if (fd === undefined) {
      fd = memfdCreate("tickproof-segment");
      ftruncate(fd, end - start);
      this.segments.set(name, fd);
    }
    return `/proc/${process.pid}/fd/${fd}`;
  }

  [Symbol.dispose](): void {
    for (const fd of this.segments.values()) close(fd);
    this.segments.clear();
    for (const { fd } of this.shared.values()) close(fd);
    this.shared.clear();
  }
}
