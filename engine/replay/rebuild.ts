/** Rebuilds recorded memory in a replayed process: whole address spaces, and single mappings. */
import { readFileSync } from "node:fs";
import { close, ftruncate, MAP, memfdCreate, PROT, pwrite, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault, invariant } from "../engine-error.ts";
import { SEGMENT_PREFIX } from "../session/memory-calls.ts";
import type { FileEvent, MappingRecord, MemoryWrite } from "../trace/events.ts";
import { copyData, type TraceReader } from "../trace/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Inject } from "../tracee/code-memory.ts";
import { offsetAt, PAGE_SIZE } from "../tracee/mappings.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { checkRange } from "./bounds.ts";
import type { Confinement } from "./confinement.ts";
import { limitStack } from "./stack-limit.ts";

/** A file that stands for one of the recording, and that changes as that did. */
interface Copy {
  fd: number;
  size: number;
}

/** Copies that are kept although nobody maps them any more. */
const SPARE_COPIES = 64;

/** Maps and fills memory of a replayed process from the trace. */
export class Rebuilder implements Disposable {
  /** Copies of files that change while they are mapped: what one process writes there the others have to see. */
  private readonly copies = new Map<number, Copy>();

  /** What stands for segments of System V shared memory, by their names in the trace. */
  private readonly segments = new Map<string, number>();

  constructor(
    private readonly tracer: Tracer,
    private readonly reader: TraceReader,
    private readonly confinement: Confinement,
  ) {}

  /** Maps what was mapped in the recording, at the same place. */
  map(task: Task, mapping: MappingRecord): void {
    const { start, end } = mapping;
    this.makeWay(task, start, end, "maps");
    const protection = mapping.protection & (PROT.READ | PROT.WRITE);
    const flags = MAP.FIXED | MAP.NORESERVE | (mapping.shared ? MAP.SHARED : MAP.PRIVATE);
    let result: number;
    if (mapping.name.startsWith(SEGMENT_PREFIX)) {
      result = this.mapFile(task, this.segment(mapping), mapping);
    } else if (mapping.file < 0) {
      const grows = growsByItself(task, mapping);
      const from = grows ? Math.min(end - PAGE_SIZE, start + mapping.offset) : start;
      const kind = flags | MAP.ANONYMOUS | (grows ? MAP.GROWSDOWN : 0);
      result = this.tracer.inject(task, SYSCALLS.mmap, from, end - from, protection, kind, -1, 0);
      if (result === from) result = start;
    } else if (mapping.shared || this.reader.files[mapping.file]?.changes) {
      result = this.mapFile(task, this.copy(mapping.file).fd, mapping);
    } else {
      const fd = this.reader.openFile(mapping.file);
      try {
        result = this.mapFile(task, fd, mapping);
      } finally {
        close(fd);
      }
    }
    if (result !== start) {
      throw new HostFault(
        `Cannot replay: memory at 0x${start.toString(16)} can't be mapped (errno ${-result})`,
      );
    }
  }

  /**
   * Takes the engine's own memory out of the way of what an event does.
   *
   * @throws ImpossibleEvent if no program can have memory there.
   */
  makeWay(task: Task, start: number, end: number, what: string): void {
    this.tracer.mapper.makeWay(task, start, end);
    checkRange(task.space, start, end, what);
  }

  /** Maps a part of an open file at its place. @returns Its address, or -errno. */
  private mapFile(task: Task, fd: number, mapping: MappingRecord): number {
    const { start, end, shared, offset } = mapping;
    const call: Inject = (number, ...args) => this.tracer.inject(task, number, ...args);
    const protection = mapping.protection & (PROT.READ | PROT.WRITE);
    const flags = MAP.FIXED | MAP.NORESERVE | (shared ? MAP.SHARED : MAP.PRIVATE);
    return this.confinement.map(task, call, fd, [start, end - start, protection, flags], offset);
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
      checkRange(space, address, address + bytes.length, "writes to");
      const mapping = space.mappings.find(address);
      const copy = mapping?.shared ? this.copies.get(mapping.file) : undefined;
      if (mapping && copy) extend(copy, offsetAt(mapping, address) + bytes.length);
      const segment = mapping && this.segments.get(mapping.name);
      // The kernel lets nobody write to a shared page that can't be written.
      if (mapping && segment !== undefined) pwrite(segment, bytes, offsetAt(mapping, address));
      else space.memory.write(address, bytes);
    }
  }

  /** A file changes as it did in the recording. */
  changeFile({ file, size, writes }: FileEvent): void {
    const copy = this.copy(file);
    ftruncate(copy.fd, size);
    copy.size = size;
    for (const { address, bytes } of writes) pwrite(copy.fd, bytes, address);
  }

  private copy(file: number): Copy {
    let copy = this.copies.get(file);
    if (!copy) {
      this.dropSpareCopies();
      const source = this.reader.openFile(file);
      try {
        const { size } = this.reader.files[file]!;
        copy = { fd: memfdCreate("tickproof-shared"), size };
        this.copies.set(file, copy);
        copyData(`/proc/self/fd/${source}`, copy.fd, size);
      } finally {
        close(source);
      }
    }
    return copy;
  }

  /** A file that nobody maps is another one for the trace when it is mapped the next time. */
  private dropSpareCopies(): void {
    if (this.copies.size < SPARE_COPIES) return;
    for (const [file, { fd }] of this.copies) {
      if (this.tracer.maps(file)) continue;
      close(fd);
      this.copies.delete(file);
    }
  }

  /** What stands for a segment of System V shared memory: the same for all that attach it. */
  private segment({ name, start, end }: MappingRecord): number {
    let fd = this.segments.get(name);
    if (fd === undefined) {
      fd = memfdCreate("tickproof-segment");
      this.segments.set(name, fd);
      ftruncate(fd, end - start);
    }
    return fd;
  }

  [Symbol.dispose](): void {
    for (const fd of this.segments.values()) close(fd);
    this.segments.clear();
    for (const { fd } of this.copies.values()) close(fd);
    this.copies.clear();
  }
}

/**
 * Whether the kernel makes a stack grow as it did in the recording, down to the limit that it had there. Where this host
 * does not allow so much, all of it is mapped at once.
 */
function growsByItself({ process }: Task, { start, end, protection, name }: MappingRecord): boolean {
  if ((protection & PROT.GROWSDOWN) === 0) return false;
  return name !== "[stack]" || limitStack(process.pid, end - start);
}

/** In traces of versions 1 and 2 a file is as long as what was seen of it: they have no events of its length. */
function extend(copy: Copy, size: number): void {
  if (copy.size >= size) return;
  ftruncate(copy.fd, size);
  copy.size = size;
}
