/**
 * A program image: the code cache and the context that tasks with the same text share.
 *
 * They live in shared memory, in the tracer and at fixed addresses in each tracee: context and lookup table
 * first, then the regions of the cache. A forked process shares its parent's image until their text differs.
 */
import { type CacheHost, CodeCache, type Region } from "../translate/code-cache.ts";
import { CONTEXT, CONTEXT_BASE, CONTEXT_SIZE, TABLE_BASE } from "../translate/context.ts";
import type { CodeMemory, CodeSegment } from "./code-memory.ts";
import { TranslationStore } from "./translation-store.ts";

/** Bytes of one region. */
export const REGION_SIZE = 16 << 20;

/** A region and its memory. */
export interface MappedRegion extends Region {
  segment: CodeSegment;
}

/** See the file's head. */
export class Image {
  readonly cache: CodeCache;
  readonly regions: MappedRegion[] = [];
  /** Address spaces that run this image. */
  users = 0;

  /** Memory of context and lookup table. */
  readonly contextSegment: CodeSegment;
  /** Where its translations are left for later runs. */
  private store: TranslationStore | undefined;

  constructor(
    host: (image: Image) => CacheHost,
    private readonly memory: CodeMemory,
  ) {
    this.contextSegment = memory.make(CONTEXT_SIZE, "context");
    const tableOffset = (TABLE_BASE - CONTEXT_BASE) / 4;
    this.cache = new CodeCache(host(this), this.context.u32.subarray(tableOffset));
  }

  private get context(): CodeSegment["buffer"] {
    return this.contextSegment.buffer;
  }

  /** The counters, 32 bits each. */
  get counters(): Int32Array {
    return this.context.i32;
  }

  /** Value of a spilled register (`CONTEXT.spilledRcx` …). */
  spilled(offset: number): bigint {
    return this.context.u64[offset / 8]!;
  }

  /** Puts a value where {@link spilled} reads it. */
  setSpilled(offset: number, value: bigint): void {
    this.context.u64[offset / 8] = value;
  }

  /** Takes over the counters and spilled registers of the image that a task has run in so far. */
  takeOver(other: Image): void {
    this.context.u8.set(other.context.u8.subarray(0, CONTEXT.scratch));
  }

  /** The tracer's view of the scratch area. */
  get scratch(): Uint8Array {
    return this.context.u8.subarray(CONTEXT.scratch);
  }

  /** Makes room for one more region; the caller maps it in the tracee at `base`. */
  addRegion(base: number): MappedRegion {
    const segment = this.memory.make(REGION_SIZE, "code");
    const region: MappedRegion = { base, bytes: segment.buffer.u8, view: segment.buffer.view, segment };
    this.regions.push(region);
    return region;
  }

  /** Takes over the translations that earlier runs of a program have left; see {@link CodeCache.restore}. */
  restore(program: string): void {
    const store = new TranslationStore(program, this.regions[0]!.base);
    const snapshot = store.load();
    const fits = snapshot === undefined || this.cache.restore(snapshot);
    if (fits && this.memory.isTrusted) this.store = store;
  }

  /** Gives the tracer's mappings back. */
  dispose(): void {
    const snapshot = this.store && this.cache.snapshot();
    if (snapshot === "outdated") this.store?.forget();
    else if (snapshot) this.store?.save(snapshot);
    for (const { segment } of this.regions) segment[Symbol.dispose]();
    this.contextSegment[Symbol.dispose]();
  }
}
