/**
 * System calls on memory, done for real in replay: with the effect that they had in the recording, also where the
 * kernel keeps mappings apart here that it had joined there, and where a call failed that had done a part of its work.
 */
import { MADV, MAP, MREMAP, PROT, SYSCALLS } from "../../ffi/mod.ts";
import { type MemoryWay, syscallSpec } from "../kernel/mod.ts";
import { readMaps } from "../proc-maps.ts";
import {
  advisedPieces,
  applyMemoryCall,
  attachedEnd,
  certainAdvice,
  HEAP,
  protectedStart,
} from "../session/memory-calls.ts";
import type { MappingRecord, SyscallEvent } from "../trace/events.ts";
import type { TraceReader } from "../trace/mod.ts";
import { givenRights, pageEnd } from "../tracee/mappings.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { checkRange, ImpossibleEvent } from "./bounds.ts";
import { EFFECTIVE_ADVICE, SEGMENT_WRITES } from "./call-filter.ts";
import type { Navigator } from "./navigator.ts";
import type { Rebuilder } from "./rebuild.ts";
import type { ReplayedTask } from "./replayed-task.ts";
import { limitStack } from "./stack-limit.ts";

/** Flags of mmap by which the kernel makes private pages the process's own at once (mm_populate, mm/gup.c). */
const POPULATES = MAP.POPULATE | MAP.LOCKED;

/** A stretch of the program's memory. */
interface Range {
  start: number;
  end: number;
}

/** Does the recorded calls on memory in the replayed process. */
export class MemoryReplay {
  constructor(
    private readonly tracer: Tracer,
    private readonly navigator: Navigator,
    private readonly rebuilder: Rebuilder,
    private readonly reader: TraceReader,
  ) {}

  /**
   * Does what a call has done in the recording.
   *
   * @param args The call's arguments.
   */
  call(task: ReplayedTask, event: SyscallEvent, args: readonly number[]): void {
    const result = Number(event.result);
    const { mapping } = event;
    const way = syscallSpec(event.number)?.memory;
    if (way === undefined) throw new ImpossibleEvent("it maps memory by a call that maps none");
    if (result >= 0) this.whole(task, event, way, args, result);
    else if (mapping) this.part(task, way, args, mapping);
    applyMemoryCall(this.tracer.text, task.space, way, args, result, mapping);
  }

  private whole(
    task: ReplayedTask,
    event: SyscallEvent,
    way: MemoryWay,
    args: readonly number[],
    result: number,
  ): void {
    const { space } = task;
    const { mapping } = event;
    const [first = 0, second = 0, third = 0, fourth = 0] = args;
    const range = { start: first, end: first + second };
    switch (way) {
      case "detach": {
        const end = attachedEnd(space, first);
        if (end !== undefined) this.unmap(task, event, { start: first, end });
        break;
      }
      case "map":
        if (!mapping) break;
        this.rebuilder.map(task, mapping);
        if ((fourth & POPULATES) !== 0) this.populate(task, [mapping]);
        // Memory that the kernel may drop is nothing that a child gets (do_mmap in mm/mmap.c, Linux 6.18).
        if ((fourth & MAP.TYPE) === MAP.DROPPABLE)
          this.succeed(task, event, this.advise(task, mapping, MADV.WIPEONFORK));
        break;
      case "attach":
      case "page":
        if (mapping) this.rebuilder.map(task, mapping);
        break;
      case "break":
        this.moveBreak(task, event, result);
        break;
      case "unmap":
        this.unmap(task, event, range);
        break;
      case "protect":
        this.succeed(task, event, this.protectCall(task, range, third));
        break;
      case "move":
        this.remap(task, event, args, result);
        break;
      case "remapFile":
        this.rebuilder.makeWay(task, range.start, range.end, "changes");
        this.succeed(task, event, this.tracer.inject(task, SYSCALLS.remap_file_pages, ...args));
        break;
      case "limit":
        this.moveStack(task, event, mapping);
        break;
      case "advise":
        this.succeed(task, event, this.advise(task, range, third));
        break;
      case "advisePieces":
        for (const piece of advisedPieces(space, args, result))
          this.succeed(task, event, this.advise(task, piece, fourth));
        break;
      case "segment":
        // Read out of the program's memory, as it was then.
        if (SEGMENT_WRITES.includes(first))
          this.succeed(task, event, this.tracer.inject(task, SYSCALLS.modify_ldt, first, second, third));
        break;
      case "lock":
        this.populate(task, space.mappings.within(first, pageEnd(first + second)));
        break;
      case "lockAll":
        this.populate(task, space.mappings.all);
        break;
    }
  }

  /** A call that failed: what it had done before. */
  private part(task: ReplayedTask, way: MemoryWay, args: readonly number[], done: MappingRecord): void {
    const third = args[2] ?? 0;
    switch (way) {
      case "protect":
        this.protect(task, done, third);
        break;
      case "advise":
        // It fails here, too, when it has done all that it can.
        this.advise(task, done, third);
        break;
      case "move":
        this.rebuilder.makeWay(task, done.start, done.end, "frees");
        this.tracer.inject(task, SYSCALLS.munmap, done.start, done.end - done.start);
        break;
      default:
        throw new ImpossibleEvent("it changes memory by a call that failed");
    }
  }

  private succeed(task: ReplayedTask, event: SyscallEvent, result: number): void {
    if (result < 0) this.navigator.fail(event, task, `the call failed with ${result} in replay`);
  }

  private unmap(task: ReplayedTask, event: SyscallEvent, { start, end }: Range): void {
    this.tracer.mapper.makeWay(task, start, end);
    // Of more than the engine can keep off from, what is around it.
    for (const part of task.space.outsideEngine(start, end)) {
      checkRange(task.space, part.start, part.end, "frees");
      this.succeed(task, event, this.tracer.inject(task, SYSCALLS.munmap, part.start, part.end - part.start));
    }
  }

  private protect(task: ReplayedTask, { start, end }: Range, protection: number): number {
    this.rebuilder.makeWay(task, start, end, "protects");
    return this.tracer.inject(
      task,
      SYSCALLS.mprotect,
      start,
      end - start,
      givenRights(protection) & (PROT.READ | PROT.WRITE),
    );
  }

  /** On a stack, all that it has grown to may be meant. */
  private protectCall(task: ReplayedTask, range: Range, protection: number): number {
    const found = task.space.mappings.find(range.start);
    const grows = found && (found.protection & protection & PROT.GROWSDOWN) !== 0;
    if (!grows) {
      const start = protectedStart(task.space, range.start, protection);
      return this.protect(task, { ...range, start }, protection);
    }
    this.rebuilder.makeWay(task, range.start, range.end, "protects");
    const rights = givenRights(protection) & (PROT.READ | PROT.WRITE | PROT.GROWSDOWN);
    return this.tracer.inject(task, SYSCALLS.mprotect, range.start, range.end - range.start, rights);
  }

  private advise(task: ReplayedTask, { start, end }: Range, given: number): number {
    const advice = certainAdvice(given);
    if (!EFFECTIVE_ADVICE.includes(advice)) return 0;
    if (advice === MADV.DONTFORK || advice === MADV.WIPEONFORK) task.space.forksWhole = false;
    this.rebuilder.makeWay(task, start, end, "changes");
    return this.tracer.inject(task, SYSCALLS.madvise, start, end - start, advice);
  }

  /** Locked private memory is the process's own at once; only of a file that changes does that make a difference. */
  private populate(task: ReplayedTask, mappings: readonly MappingRecord[]): void {
    for (const { start, end, shared, file, protection } of mappings) {
      if (shared || file < 0 || !(protection & PROT.WRITE) || !this.reader.files[file]?.changes) continue;
      // Up to the end of the file, if that comes first.
      this.advise(task, { start, end }, MADV.POPULATE_WRITE);
    }
  }

  /**
   * An mremap, piece by piece: the kernel moves what it has as one mapping, which may be more or less here than it was
   * in the recording.
   */
  private remap(task: ReplayedTask, event: SyscallEvent, args: readonly number[], to: number): void {
    const [from = 0, oldLength = 0, newLength = 0, flags = 0] = args;
    const oldEnd = pageEnd(from + oldLength);
    const newEnd = to + pageEnd(newLength);
    const { tracer } = this;
    this.rebuilder.makeWay(task, from, oldEnd, "moves");
    this.rebuilder.makeWay(task, to, newEnd, "moves memory to");
    tracer.text.allowWrites(task, [{ address: from, length: oldEnd - from }]);
    const isMoved = to !== from;
    const places = isMoved ? (flags & MREMAP.DONTUNMAP) | MREMAP.MAYMOVE | MREMAP.FIXED : 0;
    const move = (start: number, length: number, grown: number, at: number): void =>
      this.succeed(task, event, tracer.inject(task, SYSCALLS.mremap, start, length, grown, places, at));
    if (oldEnd === from) {
      move(from, 0, newEnd - to, to);
      return;
    }
    if (isMoved) this.unmap(task, event, { start: to, end: newEnd });
    const kept = Math.min(oldEnd, from + (newEnd - to));
    for (const { start, end } of piecesOf(task, from, kept)) {
      const at = to + (start - from);
      const isLast = end === kept;
      // In place, only the last piece grows.
      if (isMoved || isLast) move(start, end - start, isLast ? newEnd - at : end - start, at);
    }
    if (kept < oldEnd && (flags & MREMAP.DONTUNMAP) === 0)
      this.unmap(task, event, { start: kept, end: oldEnd });
  }

  private moveBreak(task: ReplayedTask, event: SyscallEvent, to: number): void {
    const start = pageEnd(task.space.brkEnd);
    const end = pageEnd(to);
    if (end > start) this.rebuilder.map(task, { ...HEAP, start, end });
    else if (end < start) this.unmap(task, event, { start: end, end: start });
  }

  /** The limit of the stack has changed: it may grow no more, or further than before. */
  private moveStack(task: ReplayedTask, event: SyscallEvent, mapping: MappingRecord | undefined): void {
    const { stack } = task.space.mappings;
    if (!mapping || !stack) return;
    if (
      (mapping.protection & PROT.GROWSDOWN) !== 0 &&
      limitStack(task.process.pid, mapping.end - mapping.start)
    )
      return;
    // All of it was mapped from the beginning (so it always is of traces of versions 1 and 2).
    if (mapping.start < stack.start)
      this.rebuilder.map(task, {
        ...mapping,
        protection: stack.protection & ~PROT.GROWSDOWN,
        end: stack.start,
      });
    else this.unmap(task, event, { start: stack.start, end: mapping.start });
  }
}

/** The parts of [start, end) that the kernel has as mappings of their own. */
function piecesOf({ tid }: ReplayedTask, start: number, end: number): Range[] {
  return readMaps(tid)
    .filter((line) => line.start < end && line.end > start)
    .map((line) => ({ start: Math.max(start, line.start), end: Math.min(end, line.end) }));
}
