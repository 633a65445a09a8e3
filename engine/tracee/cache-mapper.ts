/**
 * Puts code caches into address spaces: maps contexts and regions, keeps translated text from being changed
 * unnoticed, and parts spaces whose text becomes different.
 */
import { PROT, PTRACE, SIG, SYSCALLS } from "../../ffi/mod.ts";
import { EngineError, invariant } from "../engine-error.ts";
import type { MemoryRange } from "../kernel/call.ts";
import { uses } from "../optimisations.ts";
import { type CacheHost, isNear, type Region, type TextRange } from "../translate/code-cache.ts";
import { CONTEXT, CONTEXT_BASE, STUBS_BASE, STUBS_SIZE } from "../translate/context.ts";
import { hashOfPage } from "../translate/decode.ts";
import type { TextModule } from "../translate/text-module.ts";
import type { AddressSpace } from "./address-space.ts";
import { textOf, writersOf } from "./aliases.ts";
import type { CodeMemory, CodeSegment, Inject } from "./code-memory.ts";
import type { Controller } from "./controller.ts";
import { faultingState } from "./fault.ts";
import { Image, ImagePool, REGION_SIZE } from "./image.ts";
import { PAGE_SIZE, pageStart } from "./mappings.ts";
import { placeOfLibrary } from "./module-places.ts";
import type { Task } from "./task.ts";
import { TextModules } from "./text-modules.ts";

/** Where regions are put: near a non-PIE program, near a PIE, near the libraries. Counted downwards. */
const LOW_REGIONS = 0x6f000000;
const PIE_REGIONS = 0x555540000000;
const LIBRARY_REGIONS = 0x7fffc0000000;

/** End of the memory that a program can have. */
const USER_END = 2 ** 47 - PAGE_SIZE;

/** Pages of text that are read in one go. */
const MAX_RUN = 128;

/** A part of an image, and where it belongs in an address space. */
interface ImagePart {
  base: number;
  segment: CodeSegment;
}

/** See the file's head. */
export class CacheMapper implements Disposable {
  /** The task that translation happens for. */
  private current: Task | undefined;

  private elisionsNoted = false;
  private readonly pool: ImagePool;
  private readonly modules: TextModules;
  /** Whether text is translated for all images at once; not where translations are to differ from others. */
  sharesText = uses("shared");

  constructor(
    private readonly tracer: Controller,
    private readonly memory: CodeMemory,
  ) {
    this.pool = new ImagePool(memory);
    this.modules = new TextModules(memory);
  }

  /** A fresh image. */
  newImage(): Image {
    return new Image(this.pool, (image) => this.cacheHost(image));
  }

  /** Leaves translations to later runs, and gives all memory back: nothing is traced any more. */
  [Symbol.dispose](): void {
    this.modules.save();
    this.modules[Symbol.dispose]();
    this.pool[Symbol.dispose]();
  }

  /** The cache's view of the address space of whichever task runs now. */
  private cacheHost(image: Image): CacheHost {
    return {
      sharedText: (pc) => this.sharedText(pc),
      moduleAt: (pc) => this.moduleAt(image, pc),
      sameText: (module, pages) => this.sameText(module, pages),
      newRegion: (near) => this.newRegion(image, near),
      fetchPage: (page) => this.served.space.fetchPage(page),
      notesElisions: () => this.elisionsNoted,
      textTranslated: (page) => this.guard(this.served, page),
    };
  }

  private get served(): Task {
    invariant(this.current, "translation without a task");
    return this.current;
  }

  /** From now on the edges of elided critical sections are told to `Tracer.onElision`, in all of these images. */
  noteElisions(images: Iterable<Image>): void {
    this.elisionsNoted = true;
    for (const image of images) image.cache.invalidate(0, USER_END);
  }

  /** Declares for which task the next translations and regions are. */
  serve(task: Task): void {
    this.current = task;
  }

  private newRegion(image: Image, near: number): Region {
    const task = this.served;
    const { space } = task;
    const base = findPlace(near, (start) => isFree(space, image, start, start + REGION_SIZE));
    if (base === undefined) {
      throw new EngineError(
        `Cannot translate the program: no ${REGION_SIZE} free bytes within 1 GiB of its text at 0x${near.toString(16)}`,
      );
    }
    const region = image.addRegion(base);
    if (space.image === image) this.mapRegions(task);
    return region;
  }

  /** The stretch of text at an app pc, if it is of a file and the program can't write to it. */
  private sharedText(pc: number): TextRange | undefined {
    if (!this.sharesText) return undefined;
    const mapping = this.served.space.mappings.find(pc);
    if (!mapping || mapping.file < 0 || mapping.shared) return undefined;
    if ((mapping.protection & (PROT.EXEC | PROT.WRITE)) !== PROT.EXEC) return undefined;
    return { start: mapping.start, end: mapping.end };
  }

  /** A place for a library in a task's space; see `module-places.ts`. */
  libraryPlace({ space }: Task, identity: string, size: number): number | undefined {
    if (!this.sharesText) return undefined;
    return placeOfLibrary(identity, size, (start, end) => isFree(space, space.image, start, end));
  }

  private moduleAt(image: Image, pc: number): TextModule | undefined {
    const task = this.served;
    const { space } = task;
    const range = this.sharedText(pc);
    if (!range || space.image !== image) return undefined;
    const shared = this.modules.get(range.start, range.end, (page) => space.fetchPage(page));
    if (!shared) return undefined;
    const { module, region } = shared;
    if (!image.regions.includes(region)) {
      if (!isFree(space, image, region.base, region.base + region.bytes.length)) return undefined;
      image.regions.push(region);
      this.mapRegions(task);
    }
    return module;
  }

  /** Whether pages (numbers) are in the served task's space what they are in a module. */
  private sameText(module: TextModule, pages: readonly number[]): boolean {
    const { memory, mappings } = this.served.space;
    const mapping = mappings.find(module.start);
    if (mapping?.start !== module.start || mapping.end !== module.end) return false;
    const sorted = pages.toSorted((a, b) => a - b);
    for (let i = 0; i < sorted.length; ) {
      let run = 1;
      while (run < MAX_RUN && sorted[i + run] === sorted[i]! + run) run++;
      const bytes = memory.read(sorted[i]! * PAGE_SIZE, run * PAGE_SIZE);
      for (let n = 0; n < run; n++) {
        const page = bytes.subarray(n * PAGE_SIZE, (n + 1) * PAGE_SIZE);
        if (hashOfPage(page) !== module.hash(sorted[i + n]!)) return false;
      }
      i += run;
    }
    return true;
  }

  /** Maps the regions of the image that this address space does not have yet. */
  mapRegions(task: Task): void {
    const { space } = task;
    const { image } = space;
    while (space.mappedRegions < image.regions.length) {
      const region = image.regions[space.mappedRegions]!;
      // First: to attach it, code in the stubs is run, and nothing of the image's regions.
      space.mappedRegions++;
      const result = this.attach(this.gadgetCall(task, image.cache.syscallGadget), task, region);
      invariant(result === region.base, `a region of the code cache can't be mapped (${result})`);
    }
  }

  /** Puts a string into the scratch area; returns its address in the tracee. */
  scratchString(image: Image, text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    image.scratch.set(bytes);
    return CONTEXT_BASE + CONTEXT.scratch;
  }

  /**
   * Makes an address space of a task that stands at an instruction of its own run a fresh image: maps context
   * and stubs with the help of a borrowed piece of memory.
   *
   * @param at Address of three bytes of executable memory that are free to be used as a gadget.
   */
  adopt(task: Task, at: number): void {
    const { space } = task;
    const { image, memory } = space;
    this.current = task;
    image.cache.initialize();
    const saved = memory.read(at, 3).slice();
    memory.write(at, new Uint8Array([0x0f, 0x05, 0xcc]));
    for (const part of image.fixedParts) {
      const result = this.attach(this.gadgetCall(task, at), task, part);
      if (result === part.base) continue;
      throw new EngineError(
        `Cannot map the code cache at 0x${part.base.toString(16)} (errno ${-result}): the program, ` +
          "vm.mmap_min_addr, or a namespace of its own for shared memory is in the way",
      );
    }
    space.hasContext = true;
    memory.write(at, saved);
    this.tracer.flush(task);
  }

  /** System calls in the name of a task at some `syscall; int3`. */
  private gadgetCall(task: Task, gadget: number): Inject {
    return (number, ...args) => this.tracer.injectAt(task, gadget, number, args);
  }

  /**
   * Maps a part of an image, whoever the task is by now.
   *
   * @returns Its address, or -errno.
   */
  private attach(call: Inject, task: Task, { base, segment }: ImagePart, replace = false): number {
    const use = base === CONTEXT_BASE ? "context" : "code";
    return this.memory.attach(task, call, segment, { base, use, replace });
  }

  /** Sees to it that {@link unguard} hears of changes of a page of text, through whichever mapping of any process. */
  private guard(task: Task, text: number): void {
    for (const { space, page } of writersOf(task.space, text)) {
      if (space === task.space) this.protect(task, page);
      else if (!space.guarded.has(page)) space.toGuard.add(page);
    }
  }

  /** Write-protects a page, if it is writable. */
  private protect(task: Task, page: number): void {
    const { space } = task;
    if (!space.writable(page) || space.guarded.has(page)) return;
    space.guarded.add(page);
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
    const { cache } = space.image;
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
    const { cache } = task.space.image;
    const from = task.number("rip");
    const pc = cache.position(from)?.pc;
    while (this.tracer.advance(task, PTRACE.SINGLESTEP) >> 8 !== SIG.SIGTRAP) {
      // It writes to the page behind as well, and will come here once more for that.
      if (this.tracer.signalInfo(task).fault) break;
      this.tracer.onStrayStop?.(task, this.tracer.control.status);
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
    this.tracer.inject(task, SYSCALLS.mprotect, page, PAGE_SIZE, mapping.protection & ~PROT.EXEC);
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
   * Text in [start, end) of a space may be different from now on. A space that shares its image with another one
   * gets an image of its own before it runs again: the other one's text is still the old one.
   */
  textChanged(space: AddressSpace, start: number, end: number): void {
    const { cache, users } = space.image;
    if (!cache.hasTextIn(start, end) && !space.mappings.overlapping(start, end).some(isExecutable)) return;
    if (users > 1) space.outdated = true;
    else cache.invalidate(start, end);
  }

  /** Before a task runs: brings its space up to date with what others have changed or translated meanwhile. */
  refresh(task: Task): void {
    const { space } = task;
    if (space.outdated || space.image.users > 1) {
      if (space.image.users > 1 && (space.outdated || space.hasWritableText)) this.separate(task);
      else if (space.outdated) space.image.cache.invalidate(0, USER_END);
      space.outdated = false;
    }
    if (space.toGuard.size === 0) return;
    for (const page of space.toGuard) this.protect(task, page);
    space.toGuard.clear();
  }

  /** Takes the engine's own memory out of the way of what the program wants to have in [start, end). */
  makeWay(_task: Task, _start: number, _end: number): void {}

  /** Gives the space of a task an image of its own, empty, in place of the shared one. */
  private separate(task: Task): void {
    const { space } = task;
    const old = space.image;
    const image = this.newImage();
    this.current = task;
    image.cache.initialize();
    const call = this.gadgetCall(task, old.cache.syscallGadget);
    for (const { base, bytes } of old.regions.slice(0, space.mappedRegions)) {
      call(SYSCALLS.munmap, base, bytes.length);
    }
    // The stubs go last, and take the same place, where the same gadget comes first.
    for (const part of image.fixedParts) {
      const result = this.attach(call, task, part, true);
      invariant(result === part.base, `the new code cache can't be mapped (${result})`);
    }
    image.takeOver(old);
    space.replaceImage(image);
  }
}

/** Whether nothing is in [start, end), neither of the program nor of the engine. */
function isFree({ mappings }: AddressSpace, image: Image, start: number, end: number): boolean {
  return (
    mappings.overlapping(start, end).length === 0 &&
    image.regions.every(({ base, bytes }) => base >= end || base + bytes.length <= start)
  );
}

/**
 * A free place for a region that is near enough to an app pc.
 *
 * The usual places come first, where programs of the usual layout leave room to grow; then the nearest one.
 */
function findPlace(near: number, isFree: (start: number) => boolean): number | undefined {
  const lowest = STUBS_BASE + STUBS_SIZE;
  const fits = (start: number): boolean =>
    start >= lowest && start + REGION_SIZE <= USER_END && isNear(start, near) && isFree(start);
  const usual =
    near < 0x80000000 ? LOW_REGIONS : [PIE_REGIONS, LIBRARY_REGIONS].find((base) => isNear(base, near));
  if (usual !== undefined) {
    for (let start = usual; isNear(start, near); start -= REGION_SIZE) if (fits(start)) return start;
  }
  const middle = Math.floor(near / REGION_SIZE) * REGION_SIZE;
  for (let distance = 0; isNear(middle - distance, near); distance += REGION_SIZE) {
    if (fits(middle - distance)) return middle - distance;
    if (fits(middle + distance)) return middle + distance;
  }
  return undefined;
}

function guardedPages(guarded: ReadonlySet<number>, ranges: readonly MemoryRange[]): number[] {
  return [...guarded].filter((page) =>
    ranges.some(({ address, length }) => address < page + PAGE_SIZE && address + length > page),
  );
}

function isExecutable(mapping: { protection: number }): boolean {
  return (mapping.protection & PROT.EXEC) !== 0;
}
