/** Rebuilds recorded memory in a replayed process: whole address spaces, and single mappings. */
import { readFileSync } from "node:fs";
import { close, MAP, PROT, pwrite, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault, invariant } from "../engine-error.ts";
import { SEGMENT_PREFIX } from "../session/memory-calls.ts";
import type { FileEvent, MappingRecord, MemoryWrite } from "../trace/events.ts";
import type { TraceReader } from "../trace/mod.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import { type InjectedCall, injectAll } from "../tracee/injected-calls.ts";
import { givenRights, offsetAt, PAGE_SIZE } from "../tracee/mappings.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { checkRange } from "./bounds.ts";
import { Confinement } from "./confinement.ts";
import { SharedFiles } from "./shared-files.ts";
import { limitStack } from "./stack-limit.ts";

/** How a mapping is made: by which calls, what their results come to, and what that has to be. */
interface PlannedMapping {
  calls: readonly InjectedCall[];
  come: (results: readonly number[]) => number;
  from: number;
}

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
    this.populate(task, [mapping]);
  }

  /** Maps what a program had, each at the same place. */
  populate(task: Task, mappings: readonly MappingRecord[]): void {
    for (const { start, end } of mappings) this.makeWay(task, start, end, "maps");
    for (let from = 0; from < mappings.length; from += Confinement.MOST_TOGETHER) {
      const planned = mappings
        .slice(from, from + Confinement.MOST_TOGETHER)
        .map((mapping, i) => ({ mapping, ...this.#plan(task, mapping, i) }));
      const results = injectAll(
        this.tracer,
        task,
        planned.flatMap(({ calls }) => calls),
      );
      for (const { mapping, calls, from: wanted, come } of planned) {
        const result = come(results.splice(0, calls.length));
        if (result === wanted) continue;
        throw new HostFault(
          `Cannot replay: memory at 0x${mapping.start.toString(16)} can't be mapped (errno ${-result})`,
        );
      }
    }
  }

  /** @param which Of several mappings that are made together, from 0. */
  #plan(task: Task, mapping: MappingRecord, which: number): PlannedMapping {
    const { start, end, protection: all, shared, offset } = mapping;
    const protection = givenRights(all) & (PROT.READ | PROT.WRITE);
    const flags = MAP.FIXED | MAP.NORESERVE | (shared ? MAP.SHARED : MAP.PRIVATE);
    const source = this.#source(mapping);
    if (source === undefined) {
      const grows = growsByItself(task, mapping);
      const from = grows ? Math.min(end - PAGE_SIZE, start + offset) : start;
      const kind = flags | MAP.ANONYMOUS | (grows ? MAP.GROWSDOWN : 0);
      const calls: InjectedCall[] = [[SYSCALLS.mmap, from, end - from, protection, kind, -1, 0]];
      return { calls, from, come: ([result = 0]) => result };
    }
    try {
      const args = [start, end - start, protection, flags];
      const at = mapping.file < 0 && !mapping.name.startsWith(SEGMENT_PREFIX) ? 0 : offset;
      return { from: start, ...this.confinement.callsToMap(task, which, source.fd, args, at) };
    } finally {
      if (source.isOpened) close(source.fd);
    }
  }

  /** The file of a mapping, if it has one here, and whether it was opened for that. */
  #source({ name, start, end, file, shared }: MappingRecord): { fd: number; isOpened: boolean } | undefined {
    if (name.startsWith(SEGMENT_PREFIX)) {
      return { fd: this.shared.segment(name, end - start), isOpened: false };
    }
    if (file < 0) {
      const isFile = shared && this.shared.keepsNameless;
      return isFile ? { fd: this.shared.nameless(end - start), isOpened: false } : undefined;
    }
    if (shared || this.reader.files[file]?.changes) return { fd: this.shared.copy(file), isOpened: false };
    return { fd: this.reader.openFile(file), isOpened: true };
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

  /** Empties the address space of a task, all but the engine's own parts. */
  clear(task: Task, own: readonly { start: number; end: number }[]): void {
    const lines = readFileSync(`/proc/${task.tid}/maps`, "utf8").split("\n");
    const calls = lines.flatMap((line): InjectedCall[] => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
      if (!match) return [];
      const start = Number.parseInt(match[1]!, 16);
      const end = Number.parseInt(match[2]!, 16);
      if (start >= 2 ** 47 || own.some((part) => start < part.end && end > part.start)) return [];
      return [[SYSCALLS.munmap, start, end - start]];
    });
    for (const [i, result] of injectAll(this.tracer, task, calls).entries()) {
      const at = calls[i]![1]!.toString(16);
      invariant(result === 0, `the blank program's memory at 0x${at} stays (${result})`);
    }
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
