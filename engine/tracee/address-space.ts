/**
 * One address space of the recording: the program's mappings, its memory, and the cache space that runs in it.
 *
 * The program's text is never executable for real: whatever slips out of the code cache faults instead of
 * running uncounted. The mapping list keeps the protections that the program believes in.
 */
import { PROT, type TraceeMemory } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { CacheSpace } from "./cache-space.ts";
import { MappingList, PAGE_SIZE } from "./mappings.ts";

const WRITABLE_TEXT = PROT.WRITE | PROT.EXEC;

/** What an address space was like at one time, but for its memory. */
export interface SpaceState
  extends Pick<
    AddressSpace,
    | "mappings"
    | "brkStart"
    | "brkEnd"
    | "mappedRegions"
    | "hasContext"
    | "outdated"
    | "wanted"
    | "isApart"
    | "forksWhole"
    | "cacheSpace"
  > {
  /** How often the text of its cache space had changed by then. */
  textChanges: number;
  guarded: readonly number[];
  toGuard: readonly number[];
}

/** The mappings, the memory and the cache space of one address space; tasks that share memory share it. */
export class AddressSpace {
  mappings = new MappingList();
  /** First address of the heap, and its present end. */
  brkStart = 0;
  brkEnd = 0;
  /** How many regions of the cache space are mapped here. */
  mappedRegions = 0;
  /** Whether context and stubs of the cache space are mapped here. */
  hasContext = false;
  /** Processes that live in it (more than one after vfork). */
  users = 1;
  /** Writable text pages that are write-protected for real, so that changes of translated text are noticed. */
  readonly guarded = new Set<number>();
  /** Pages that have to be guarded before a task of it runs: another space has translated what they show. */
  readonly toGuard = new Set<number>();
  /** Where the program is about to have memory: the engine keeps off. */
  wanted: { start: number; end: number } | undefined;
  /** Its text differs from what its cache space, which others share, was translated from. */
  outdated = false;
  /** Its process has other rights than before: what it can write to must be no other process's. */
  isApart = false;
  /** A forked process has all of its memory, as it is: nobody has asked the kernel for less (MADV_DONTFORK, MADV_WIPEONFORK). */
  forksWhole = true;

  /**
   * @param all The living address spaces of the recording; this one joins them.
   */
  constructor(
    readonly memory: TraceeMemory,
    public cacheSpace: CacheSpace,
    readonly all: Set<AddressSpace>,
  ) {
    cacheSpace.users++;
    all.add(this);
  }

  /** A forked copy; it shares the cache space until its text changes. */
  fork(memory: TraceeMemory): AddressSpace {
    return AddressSpace.like(this.save(), memory, this.all);
  }

  /** What it is like now, but for its memory. */
  save(): SpaceState {
    const { brkStart, brkEnd, mappedRegions, hasContext, outdated, wanted, isApart, forksWhole } = this;
    const { cacheSpace } = this;
    return {
      cacheSpace,
      textChanges: cacheSpace.cache.textChanges,
      mappings: this.mappings.clone(),
      guarded: [...this.guarded],
      toGuard: [...this.toGuard],
      ...{ brkStart, brkEnd, mappedRegions, hasContext, outdated, wanted, isApart, forksWhole },
    };
  }

  /**
   * A space as one was saved. Where text has changed since then that its cache space knows, nothing of that is used.
   *
   * @param memory That of a process whose memory is what it was then.
   */
  static like(state: SpaceState, memory: TraceeMemory, all: Set<AddressSpace>): AddressSpace {
    const space = new AddressSpace(memory, state.cacheSpace, all);
    space.mappings = state.mappings.clone();
    space.brkStart = state.brkStart;
    space.brkEnd = state.brkEnd;
    space.mappedRegions = state.mappedRegions;
    space.hasContext = state.hasContext;
    for (const page of state.guarded) space.guarded.add(page);
    for (const page of state.toGuard) space.toGuard.add(page);
    const { cache, regions } = state.cacheSpace;
    const isInTheWay = regions
      .slice(state.mappedRegions)
      .some(({ base, bytes }) => space.mappings.overlapping(base, base + bytes.length).length > 0);
    space.outdated = state.outdated || cache.textChanges !== state.textChanges;
    space.wanted = state.wanted;
    space.forksWhole = state.forksWhole;
    // Another cache space finds other places.
    space.isApart = state.isApart || isInTheWay;
    return space;
  }

  /** Bytes of an executable page, copied, or undefined where the program may not execute. */
  fetchPage(page: number): Uint8Array | undefined {
    if (!this.mappings.executable(page)) return undefined;
    const bytes = this.memory.read(page, PAGE_SIZE);
    return bytes.length > 0 ? bytes.slice() : undefined;
  }

  /** Whether the mapping at an address may be written by the program. */
  writable(address: number): boolean {
    return ((this.mappings.find(address)?.protection ?? 0) & PROT.WRITE) !== 0;
  }

  /**
   * Whether the program may write to some of its text. Such a space can't share a cache space: another one would not
   * notice what this one writes to its own pages.
   */
  get hasWritableText(): boolean {
    if (this.guarded.size > 0) return true;
    return this.mappings.all.some(({ protection }) => (protection & WRITABLE_TEXT) === WRITABLE_TEXT);
  }

  /** Whether the engine's own memory lies in [start, end): its context, or regions of the code cache. */
  holdsEngine(start: number, end: number): boolean {
    return this.cacheSpace.isIn(start, end);
  }

  /** The parts of [start, end) where nothing of the engine lies. */
  outsideEngine(start: number, end: number): { start: number; end: number }[] {
    const parts: { start: number; end: number }[] = [];
    let at = start;
    for (const own of this.cacheSpace.parts) {
      if (own.end <= at || own.start >= end) continue;
      if (own.start > at) parts.push({ start: at, end: own.start });
      at = own.end;
    }
    if (at < end) parts.push({ start: at, end });
    return parts;
  }

  /** A process does not live here any more; the last one gives everything back. */
  leave(): void {
    invariant(this.users > 0, "an address space is left by more processes than live in it");
    this.users--;
    if (this.users > 0) return;
    this.all.delete(this);
    this.memory[Symbol.dispose]();
    this.leaveCacheSpace();
  }

  /** Takes another cache space (the text of this space differs from now on). */
  replaceCacheSpace(cacheSpace: CacheSpace): void {
    this.leaveCacheSpace();
    this.cacheSpace = cacheSpace;
    cacheSpace.users++;
    this.mappedRegions = 0;
    this.outdated = false;
  }

  private leaveCacheSpace(): void {
    invariant(this.cacheSpace.users > 0, "a cache space is left by more address spaces than have it");
    this.cacheSpace.users--;
    this.cacheSpace.disposeUnused();
  }
}
