/**
 * Keeps translations true to text that changes: translated text that can be written is write-protected, through all
 * mappings of all processes that show it, so that a store faults; and every other way in which text changes is told here.
 */
import { PROT, PTRACE, SYSCALLS } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { MemoryRange } from "../kernel/mod.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { AddressSpace } from "./address-space.ts";
import { textOf, writersOf } from "./aliases.ts";
import type { Controller } from "./controller.ts";
import { faultingState } from "./fault.ts";
import { isTrap } from "./kernel-stop.ts";
import { PAGE_SIZE, pageStart } from "./mappings.ts";
import type { Task } from "./task.ts";

/** Write-protects translated text, and drops translations of text that has changed. */
export class TextGuard {
  constructor(
    private readonly tracer: Controller,
    private readonly spaces: ReadonlySet<AddressSpace>,
  ) {}

  /** Sees to it that {@link unguard} hears of changes of a page of text, through whichever mapping of any process. */
  guard(task: Task, text: number): void {
    for (const { space, page } of writersOf(task.space, text)) {
      if (space.writable(page)) task.space.cacheSpace.cache.textChanges++;
      if (space === task.space) this.protect(task, page);
      else if (!space.guarded.has(page)) space.toGuard.add(page);
    }
  }

  /** Write-protects a page, if it is writable. */
  private protect(task: Task, page: number): void {
    const { space } = task;
    if (!space.writable(page) || space.guarded.has(page)) return;
    space.guarded.add(page);
    // A read could end there, which natively goes on.
    space.cacheSpace.calls.stopReads();
    this.tracer.inject(task, SYSCALLS.mprotect, page, PAGE_SIZE, PROT.READ);
    this.tracer.flush(task);
  }

  /**
   * Answers a write to a page of translated text: its translations are dropped and the write may go on.
   *
   * @returns False if the fault at `address` was none of that.
   */
  unguard(task: Task, address: number): boolean {
    const { space } = task;
    const page = pageStart(address);
    if (!this.allowWrite(task, page)) return false;
    const { cache } = space.cacheSpace;
    const rip = task.number("rip");
    const within = textOf(space, page).some(
      (text) => text.space === space && cache.runsText(rip, text.page, text.page + PAGE_SIZE),
    );
    if (within) this.stepOver(task, page);
    else this.pageChanged(space, page);
    return true;
  }

  /**
   * Executes an instruction that writes to the page of the very translation that it is in, and goes on with what
   * it has written. It could not be translated anew itself: its page would be guarded once more.
   */
  private stepOver(task: Task, page: number): void {
    const { cache } = task.space.cacheSpace;
    const from = task.number("rip");
    const pc = cache.position(from)?.pc;
    for (;;) {
      const stop = this.tracer.advance(task, PTRACE.SINGLESTEP);
      if (isTrap(stop)) break;
      // It writes to the page behind as well, and will come here once more for that.
      if (this.tracer.signalInfo(task).fault) break;
      task.strayStop(stop);
    }
    const rip = task.number("rip");
    this.pageChanged(task.space, page);
    // A call has pushed its return address: the rest of it leads to an entry in any case.
    if (rip === from || cache.position(rip)?.pc !== pc) task.jumpTo(faultingState(task).pc);
  }

  /** Takes a page out of the guarded ones. @returns False if it was none. */
  private allowWrite(task: Task, page: number): boolean {
    const { space } = task;
    if (!space.guarded.delete(page)) return false;
    const mapping = space.mappings.find(page);
    invariant(mapping, "a guarded page without a mapping");
    this.tracer.inject(
      task,
      SYSCALLS.mprotect,
      page,
      PAGE_SIZE,
      mapping.protection & (PROT.READ | PROT.WRITE),
    );
    this.tracer.flush(task);
    return true;
  }

  /** Whether some of these ranges are guarded: the kernel could not write there. */
  guardsAny({ guarded }: AddressSpace, ranges: readonly MemoryRange[]): boolean {
    return guarded.size > 0 && guardedPages(guarded, ranges).length > 0;
  }

  /**
   * Lets the kernel, or the tracer, write to memory of a task that stands outside of translations: what was
   * translated there is dropped.
   */
  allowWrites(task: Task, ranges: readonly MemoryRange[]): void {
    const { guarded } = task.space;
    if (guarded.size === 0) return;
    for (const page of guardedPages(guarded, ranges)) {
      this.allowWrite(task, page);
      this.pageChanged(task.space, page);
    }
  }

  /** A page is written to: text that shows it, in whatever space, may be different from now on. */
  private pageChanged(space: AddressSpace, page: number): void {
    for (const text of textOf(space, page)) this.textChanged(text.space, text.page, text.page + PAGE_SIZE);
  }

  /** Memory in [start, end) of a space is written to by other ways than its own stores. */
  memoryChanged(space: AddressSpace, start: number, end: number): void {
    const isShared = space.mappings.overlapping(start, end).some(({ shared }) => shared);
    if (!isShared) this.textChanged(space, start, end);
    else for (let page = pageStart(start); page < end; page += PAGE_SIZE) this.pageChanged(space, page);
  }

  /**
   * Text in [start, end) of a space may be different from now on. A space that shares its cache space with another one
   * gets a cache space of its own before it runs again: the other one's text is still the old one.
   */
  textChanged(space: AddressSpace, start: number, end: number): void {
    const { cache, users } = space.cacheSpace;
    if (!cache.hasTextIn(start, end) && !space.mappings.overlapping(start, end).some(isExecutable)) return;
    if (users > 1 || !space.cacheSpace.isPlaced) space.outdated = true;
    else cache.invalidate(start, end);
  }

  /** Before a task runs: guards what other spaces have translated meanwhile. */
  guardDue(task: Task): void {
    const { toGuard } = task.space;
    if (toGuard.size === 0) return;
    for (const page of toGuard) this.protect(task, page);
    toGuard.clear();
  }

  /** A mapped file has changed: text in it may be different from now on, in all processes. */
  fileChanged(file: number, writes: readonly MemoryWrite[]): void {
    for (const space of this.spaces) {
      for (const mapping of space.mappings.ofFile(file)) {
        for (const { address, bytes } of writes) {
          const start = Math.max(mapping.start, mapping.start + (address - mapping.offset));
          const end = Math.min(mapping.end, mapping.start + (address + bytes.length - mapping.offset));
          if (start < end) this.textChanged(space, start, end);
        }
      }
    }
  }
}

function guardedPages(guarded: ReadonlySet<number>, ranges: readonly MemoryRange[]): number[] {
  return [...guarded].filter((page) =>
    ranges.some(({ address, length }) => address < page + PAGE_SIZE && address + length > page),
  );
}

function isExecutable(mapping: { protection: number }): boolean {
  return (mapping.protection & PROT.EXEC) !== 0;
}
