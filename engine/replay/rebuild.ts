/** Rebuilds recorded memory in a replayed process: whole address spaces, and single mappings. */
import { readFileSync } from "node:fs";
import { close, MAP, PROT, pwrite, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault, invariant } from "../engine-error.ts";
import { SEGMENT_PREFIX } from "../session/memory-calls.ts";
import type { FileEvent, MappingRecord, MemoryWrite } from "../trace/events.ts";
import type { TraceReader } from "../trace/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Inject } from "../tracee/code-memory.ts";
import { offsetAt, PAGE_SIZE } from "../tracee/mappings.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { checkRange } from "./bounds.ts";
import type { Confinement } from "./confinement.ts";
import { SharedFiles } from "./shared-files.ts";
import { limitStack } from "./stack-limit.ts";

/** Maps and fills memory of a replayed process from the trace. */
export class Rebuilder implements Disposable {
  /** What processes share. */
  readonly shared: SharedFiles;

  constructor(
    private readonly tracer: Tracer,
    private readonly reader: TraceReader,
    private readonly confinement: Confinement,
  ) {
    this.shared = new SharedFiles(reader, (file) => tracer.maps(file));
  }

  /** Maps what was mapped in the recording, at the same place. */
  map(task: Task, mapping: MappingRecord): void {
    const { start, end } = mapping;
    this.makeWay(task, start, end, "maps");
    const protection = mapping.protection & (PROT.READ | PROT.WRITE);
    const flags = MAP.FIXED | MAP.NORESERVE | (mapping.shared ? MAP.SHARED : MAP.PRIVATE);
    let result: number;
    if (mapping.name.startsWith(SEGMENT_PREFIX)) {
      result = this.mapFile(task, this.shared.segment(mapping.name, end - start), mapping);
    } else if (mapping.file < 0 && mapping.shared && this.shared.keepsNameless) {
      result = this.mapFile(task, this.shared.nameless(end - start), { ...mapping, offset: 0 });
    } else if (mapping.file < 0) {
      const grows = growsByItself(task, mapping);
      const from = grows ? Math.min(end - PAGE_SIZE, start + mapping.offset) : start;
      const kind = flags | MAP.ANONYMOUS | (grows ? MAP.GROWSDOWN : 0);
      result = this.tracer.inject(task, SYSCALLS.mmap, from, end - from, protection, kind, -1, 0);
      if (result === from) result = start;
    } else if (mapping.shared || this.reader.files[mapping.file]?.changes) {
      result = this.mapFile(task, this.shared.copy(mapping.file), mapping);
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
      if (mapping?.shared) this.shared.extend(mapping.file, offsetAt(mapping, address) + bytes.length);
      const segment = mapping && this.shared.segments.get(mapping.name);
      // The kernel lets nobody write to a shared page that can't be written.
      if (mapping && segment !== undefined) pwrite(segment, bytes, offsetAt(mapping, address));
      else space.memory.write(address, bytes);
    }
  }

  /** A file changes as it did in the recording. */
  changeFile(event: FileEvent): void {
    this.shared.change(event);
  }

  [Symbol.dispose](): void {
    this.shared[Symbol.dispose]();
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
