/**
 * Puts code caches into address spaces: maps contexts and regions, keeps translated text from being changed
 * unnoticed, and parts spaces whose text becomes different.
 */
import { PROT, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault, invariant, Unsupported } from "../engine-error.ts";
import { uses } from "../optimisations.ts";
import type { CacheHost } from "../translate/cache-host.ts";
import { CONTEXT, CONTEXT_BASE, FIXED_SIZE, moveFixedParts, USUAL_BASE } from "../translate/context.ts";
import { hashOfPage } from "../translate/decode.ts";
import { isNear, type Region, type TextRange } from "../translate/region.ts";
import type { TextModule } from "../translate/text-module.ts";
import { type Noted, TICKS_ALONE } from "../translate/traps.ts";
import type { AddressSpace } from "./address-space.ts";
import { CacheSpace, CacheSpacePool, REGION_SIZE } from "./cache-space.ts";
import type { CodeMemory, Inject } from "./code-memory.ts";
import type { CodeSegment } from "./code-segment.ts";
import type { Controller } from "./controller.ts";
import { PAGE_SIZE } from "./mappings.ts";
import { placeOfLibrary } from "./module-places.ts";
import type { Task } from "./task.ts";
import type { TextGuard } from "./text-guard.ts";
import { TextModules } from "./text-modules.ts";

/** Where regions are put: near a non-PIE program, near a PIE, near the libraries. Counted downwards. */
const LOW_REGIONS = 0x6f000000;
const PIE_REGIONS = 0x555540000000;
const LIBRARY_REGIONS = 0x7fffc0000000;

/** End of the memory that a program can have. */
const USER_END = 2 ** 47 - PAGE_SIZE;

/** Where the fixed parts go that are in the way: from here downwards, in steps that leave out much of what others want. */
const HIGHEST_BASE = 0x7b40_0000;
const BASE_STEP = 0x0110_0000;

/** What the kernel keeps free below a stack that grows (stack_guard_gap in mm/mmap.c). */
const STACK_GAP = 256 * PAGE_SIZE;

/** Pages of text that are read in one go. */
const MAX_RUN = 128;

/** A part of a cache space, and where it belongs in an address space. */
interface CacheSpacePart {
  base: number;
  segment: CodeSegment;
}

/** Maps cache spaces into address spaces, and parts spaces whose text becomes different. */
export class CacheMapper implements Disposable {
  /** The task that translation happens for. */
  private current: Task | undefined;

  private noted: Noted = TICKS_ALONE;
  readonly #stops = new Set<number>();
  private readonly pool: CacheSpacePool;
  private readonly modules: TextModules;
  /** Whether text is translated for all cache spaces at once; not where translations are to differ from others. */
  sharesText = uses("shared");
  /** In a replay, where the trace says what an fnstenv stores, not the processor. */
  tellsFloatingPlaces = false;

  constructor(
    private readonly tracer: Controller,
    private readonly memory: CodeMemory,
    private readonly text: TextGuard,
    private readonly spaces: ReadonlySet<AddressSpace>,
  ) {
    moveFixedParts(USUAL_BASE);
    this.pool = new CacheSpacePool(memory);
    this.modules = new TextModules(memory);
  }

  /** A fresh cache space. */
  newCacheSpace(): CacheSpace {
    const cacheSpace = new CacheSpace(this.pool, (made) => this.cacheHost(made));
    cacheSpace.countsRetired = this.noted.retired;
    if (this.tellsFloatingPlaces) cacheSpace.setSpilled(CONTEXT.x87Always, 1n);
    return cacheSpace;
  }

  /** Leaves translations to later runs, and gives all memory back: nothing is traced any more. */
  [Symbol.dispose](): void {
    this.modules.save();
    this.modules[Symbol.dispose]();
    this.pool[Symbol.dispose]();
  }

  /** The cache's view of the address space of whichever task runs now. */
  private cacheHost(cacheSpace: CacheSpace): CacheHost {
    return {
      sharedText: (pc) => this.sharedText(pc),
      moduleAt: (pc) => this.moduleAt(cacheSpace, pc),
      sameText: (module, pages) => this.sameText(module, pages),
      newRegion: (near) => this.newRegion(cacheSpace, near),
      fetchPage: (page) => this.served.space.fetchPage(page),
      notes: () => this.noted,
      stopsAt: (pc) => this.#stops.has(pc),
      textTranslated: (page) => this.text.guard(this.served, page),
    };
  }

  private get served(): Task {
    invariant(this.current, "translation without a task");
    return this.current;
  }

  /**
   * From now on elided critical sections, or locked instructions, are told to `Tracer.onElision`, and what retires is
   * counted, in all of these cache spaces.
   */
  note(what: Noted, cacheSpaces: Iterable<CacheSpace>): void {
    this.noted = what;
    for (const cacheSpace of cacheSpaces) {
      cacheSpace.countsRetired = what.retired;
      cacheSpace.cache.invalidate(0, USER_END);
    }
  }

  /** Where a debugger wants tasks to stop: app pcs. */
  get stops(): ReadonlySet<number> {
    return this.#stops;
  }

  /**
   * From now on tasks stop at these app pcs, in all processes.
   *
   * @returns Whether that is new: those that stand in translations have to leave them.
   */
  stopAt(pcs: ReadonlySet<number>): boolean {
    const before = [...this.#stops].filter((pc) => !pcs.has(pc));
    const fresh = [...pcs].filter((pc) => !this.#stops.has(pc));
    for (const pc of before) this.#stops.delete(pc);
    for (const pc of fresh) this.#stops.add(pc);
    // A stop that is wanted no more is passed by, and costs a trap.
    for (const pc of [...before, ...fresh]) {
      for (const cacheSpace of new Set([...this.spaces].map((space) => space.cacheSpace)))
        cacheSpace.cache.stopsChanged(pc);
    }
    return before.length > 0 || fresh.length > 0;
  }

  /** Declares for which task the next translations and regions are. */
  serve(task: Task): void {
    this.current = task;
  }

  private newRegion(cacheSpace: CacheSpace, near: number): Region {
    const task = this.served;
    const { space } = task;
    const base = findPlace(near, (start) => isFree(space, start, start + REGION_SIZE));
    if (base === undefined) {
      throw new Unsupported(
        `Cannot translate the program: no ${REGION_SIZE} free bytes within 1 GiB of its text at 0x${near.toString(16)}`,
      );
    }
    const region = cacheSpace.addRegion(base);
    if (space.cacheSpace === cacheSpace) this.mapRegions(task);
    return region;
  }

  /** The stretch of text at an app pc, if it is of a file and the program can't write to it. */
  private sharedText(pc: number): TextRange | undefined {
    // Modules lead to where the fixed parts usually are.
    if (!this.sharesText || CONTEXT_BASE !== USUAL_BASE) return undefined;
    const mapping = this.served.space.mappings.find(pc);
    if (!mapping || mapping.file < 0 || mapping.shared) return undefined;
    if ((mapping.protection & (PROT.EXEC | PROT.WRITE)) !== PROT.EXEC) return undefined;
    for (const stop of this.#stops) if (stop >= mapping.start && stop < mapping.end) return undefined;
    return { start: mapping.start, end: mapping.end };
  }

  /** A place for a library in a task's space; see `module-places.ts`. */
  libraryPlace({ space }: Task, identity: string, size: number): number | undefined {
    if (!this.sharesText) return undefined;
    return placeOfLibrary(identity, size, (start, end) => isFree(space, start, end));
  }

  private moduleAt(cacheSpace: CacheSpace, pc: number): TextModule | undefined {
    const task = this.served;
    const { space } = task;
    const range = this.sharedText(pc);
    if (!range || space.cacheSpace !== cacheSpace) return undefined;
    const shared = this.modules.get(range.start, range.end, (page) => space.fetchPage(page));
    if (!shared) return undefined;
    const { module, region } = shared;
    if (!cacheSpace.regions.includes(region)) {
      if (!isFree(space, region.base, region.base + region.bytes.length)) return undefined;
      cacheSpace.regions.push(region);
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

  /** Maps the regions of the cache space that this address space does not have yet. */
  mapRegions(task: Task): void {
    const { space } = task;
    const { cacheSpace } = space;
    while (space.mappedRegions < cacheSpace.regions.length) {
      const region = cacheSpace.regions[space.mappedRegions]!;
      // First: to attach it, code in the stubs is run, and nothing of the cache space's regions.
      space.mappedRegions++;
      const result = this.attach(this.gadgetCall(task, cacheSpace.cache.syscallGadget), task, region);
      invariant(result === region.base, `a region of the code cache can't be mapped (${result})`);
    }
  }

  /** Puts a string into the scratch area; returns its address in the tracee. */
  scratchString(cacheSpace: CacheSpace, text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    cacheSpace.scratch.set(bytes);
    return cacheSpace.scratchAddress;
  }

  /**
   * Makes an address space of a task that stands at an instruction of its own run a fresh cache space: maps context
   * and stubs with the help of a borrowed piece of memory.
   *
   * @param at Address of three bytes of executable memory that are free to be used as a gadget.
   */
  adopt(task: Task, at: number): void {
    const { space } = task;
    const { memory } = space;
    const isTaken = (start: number): boolean =>
      space.mappings.overlapping(start, start + FIXED_SIZE).length > 0;
    if (isTaken(CONTEXT_BASE)) {
      const base = this.placeOfFixedParts((start) => !isTaken(start));
      if (base !== undefined) moveFixedParts(base);
    }
    if (!space.cacheSpace.isPlaced) space.replaceCacheSpace(this.newCacheSpace());
    const { cacheSpace } = space;
    this.current = task;
    cacheSpace.cache.initialize();
    const saved = memory.read(at, 3).slice();
    memory.write(at, new Uint8Array([0x0f, 0x05, 0xcc]));
    for (const part of cacheSpace.fixedParts) {
      const result = this.attach(this.gadgetCall(task, at), task, part);
      if (result === part.base) continue;
      throw new HostFault(
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
   * Maps a part of a cache space, whoever the task is by now.
   *
   * @returns Its address, or -errno.
   */
  private attach(call: Inject, task: Task, { base, segment }: CacheSpacePart, replace = false): number {
    const use = base === CONTEXT_BASE ? "context" : "code";
    return this.memory.attach(task, call, segment, { base, use, replace });
  }

  /**
   * Before a task runs: its space gets a cache space of its own if its text differs from that of others, or may do so
   * unnoticed, or if it has come to other rights, and one at the right place if the fixed parts have moved.
   */
  refresh(task: Task): void {
    const { space } = task;
    const { cacheSpace } = space;
    const isOnesOwn = cacheSpace.users === 1;
    const isApart = space.isApart && this.memory.reachesAll;
    space.isApart = false;
    if (!cacheSpace.isPlaced || isApart || (!isOnesOwn && (space.outdated || space.hasWritableText)))
      this.separate(task);
    else if (space.outdated) cacheSpace.cache.invalidate(0, USER_END);
    space.outdated = false;
  }

  /**
   * Takes the engine's own memory out of the way of what a task is going to have in [start, end): its space gets another
   * cache space, which keeps off.
   *
   * @returns Whether something was in the way, and is not any more.
   */
  makeWay(task: Task, start: number, end: number): boolean {
    const { space } = task;
    if (end <= start || !space.holdsEngine(start, end)) return false;
    const wanted = { start, end };
    if (start < CONTEXT_BASE + FIXED_SIZE && end > CONTEXT_BASE) {
      const base = this.placeOfFixedParts(
        (from, to) => isFree(space, from, to) && (to <= start || from >= end),
      );
      if (base === undefined) return false;
      moveFixedParts(base);
    }
    space.wanted = wanted;
    this.separate(task);
    return !space.holdsEngine(start, end);
  }

  /** Somewhere below 2 GiB where no process has anything. */
  private placeOfFixedParts(isPossible: (start: number, end: number) => boolean): number | undefined {
    const fits = (start: number): boolean =>
      isPossible(start, start + FIXED_SIZE) &&
      [...this.spaces].every((space) => isFree(space, start, start + FIXED_SIZE));
    if (fits(USUAL_BASE)) return USUAL_BASE;
    for (let start = HIGHEST_BASE; start > 0; start -= BASE_STEP) if (fits(start)) return start;
    return undefined;
  }

  /** Gives the space of a task a cache space of its own, empty, in place of the one that it has. */
  private separate(task: Task): void {
    const { space } = task;
    const old = space.cacheSpace;
    const cacheSpace = this.newCacheSpace();
    this.current = task;
    cacheSpace.cache.initialize();
    const call = this.gadgetCall(task, old.cache.syscallGadget);
    for (const { base, bytes } of old.regions.slice(0, space.mappedRegions)) {
      call(SYSCALLS.munmap, base, bytes.length);
    }
    const isInPlace = cacheSpace.base === old.base;
    // The stubs go last, and take the same place, where the same gadget comes first.
    for (const part of cacheSpace.fixedParts) {
      const result = this.attach(call, task, part, isInPlace);
      invariant(result === part.base, `the new code cache can't be mapped (${result})`);
    }
    if (!isInPlace)
      this.gadgetCall(task, cacheSpace.cache.syscallGadget)(SYSCALLS.munmap, old.base, FIXED_SIZE);
    cacheSpace.takeOver(old);
    space.replaceCacheSpace(cacheSpace);
  }
}

/** Whether nothing is in [start, end), neither of the program nor of the engine, nor is going to be. */
function isFree({ mappings, cacheSpace, wanted }: AddressSpace, start: number, end: number): boolean {
  if (wanted && wanted.start < end && wanted.end > start) return false;
  const isBelowStack = mappings
    .overlapping(end, end + STACK_GAP)
    .some(({ protection }) => (protection & PROT.GROWSDOWN) !== 0);
  return !isBelowStack && mappings.overlapping(start, end).length === 0 && !cacheSpace.isIn(start, end);
}

/**
 * A free place for a region that is near enough to an app pc.
 *
 * The usual places come first, where programs of the usual layout leave room to grow; then the nearest one.
 */
function findPlace(near: number, isFree: (start: number) => boolean): number | undefined {
  const fits = (start: number): boolean =>
    start >= USUAL_BASE && start + REGION_SIZE <= USER_END && isNear(start, near) && isFree(start);
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
