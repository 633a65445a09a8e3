/**
 * A program image: the code cache and the context that tasks with the same text share.
 *
 * Both live in one memfd, mapped in the tracer and at fixed addresses in each tracee: context and lookup table
 * first, then the regions of the cache. A forked process shares its parent's image until their text differs.
 */
import { close, ftruncate, memfdCreate, NativeBuffer } from "../../ffi/mod.ts";
import { type CacheHost, CodeCache, type Region } from "../translate/code-cache.ts";
import { CONTEXT, CONTEXT_BASE, CONTEXT_SIZE, TABLE_BASE } from "../translate/context.ts";

/** Bytes of one region. */
export const REGION_SIZE = 16 << 20;

/** A region and where it lies in the memfd. */
export interface MappedRegion extends Region {
  fileOffset: number;
}

/** See the file's head. */
export class Image {
  /** Descriptor of the memfd, in the tracer. */
  readonly memfd: number;
  readonly cache: CodeCache;
  readonly regions: MappedRegion[] = [];
  /** Address spaces that run this image. */
  users = 0;

  private readonly context: NativeBuffer;
  private readonly regionBuffers: NativeBuffer[] = [];

  constructor(host: (image: Image) => CacheHost) {
    this.memfd = memfdCreate("tickproof-code");
    ftruncate(this.memfd, CONTEXT_SIZE);
    this.context = NativeBuffer.shared(this.memfd, CONTEXT_SIZE);
    const tableOffset = (TABLE_BASE - CONTEXT_BASE) / 4;
    this.cache = new CodeCache(host(this), this.context.u32.subarray(tableOffset));
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
    const fileOffset = CONTEXT_SIZE + this.regions.length * REGION_SIZE;
    ftruncate(this.memfd, fileOffset + REGION_SIZE);
    const buffer = NativeBuffer.shared(this.memfd, REGION_SIZE, fileOffset);
    this.regionBuffers.push(buffer);
    const region: MappedRegion = { base, bytes: buffer.u8, view: buffer.view, fileOffset };
    this.regions.push(region);
    return region;
  }

  /** Gives the tracer's mappings back. */
  dispose(): void {
    for (const buffer of this.regionBuffers) buffer[Symbol.dispose]();
    this.context[Symbol.dispose]();
    close(this.memfd);
  }
}
