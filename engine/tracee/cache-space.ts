/**
 * A code cache space: the code cache and the context that tasks with the same text share.
 *
 * They live in shared memory, in the tracer and at fixed addresses in each tracee: context and lookup table first, then
 * the stubs, and the regions of the cache wherever there is room. A forked process shares its parent's cache space until their
 * text differs.
 */
import type { CacheHost } from "../translate/cache-host.ts";
import { CodeCache } from "../translate/code-cache.ts";
import {
  CONTEXT,
  CONTEXT_BASE,
  CONTEXT_SIZE,
  FIXED_SIZE,
  STUBS_BASE,
  STUBS_SIZE,
} from "../translate/context.ts";
import type { Region } from "../translate/region.ts";
import { RETIRED } from "../translate/retired-quantities.ts";
import { CallRing } from "./call-ring.ts";
import { CALL_DATA, installCallStub } from "./call-stub.ts";
import type { CodeSegment, SegmentSource } from "./code-segment.ts";

/** Bytes of one region of a cache space's own. */
export const REGION_SIZE = 16 << 20;

/** A region and its memory. */
export interface MappedRegion extends Region {
  segment: CodeSegment;
}

/** The memory that each cache space has. */
interface CacheSpaceMemory {
  context: CodeSegment;
  stubs: CodeSegment;
}

/** How many cache spaces' memory is held ready. */
const READY = 4;

/** Memory of cache spaces that are gone, for the next ones: making it, and its first use, cost more than clearing it. */
export class CacheSpacePool implements Disposable {
  readonly #ready: CacheSpaceMemory[] = [];

  /** @param memory What it is made of. */
  constructor(readonly memory: SegmentSource) {}

  take(): CacheSpaceMemory {
    const ready = this.#ready.pop();
    if (ready) return ready;
    const context = this.memory.make(CONTEXT_SIZE, "context");
    try {
      return { context, stubs: this.memory.make(STUBS_SIZE, "code") };
    } catch (error) {
      context[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes memory back that no process runs in any more. */
  give(memory: CacheSpaceMemory): void {
    memory.context.buffer.u8.fill(0, 0, CONTEXT.table);
    if (this.#ready.length < READY && !memory.context.isGiven) this.#ready.push(memory);
    else release(memory);
  }

  [Symbol.dispose](): void {
    for (const memory of this.#ready.splice(0)) release(memory);
  }
}

function release({ context, stubs }: CacheSpaceMemory): void {
  context[Symbol.dispose]();
  stubs[Symbol.dispose]();
}

/** A code cache with its context, in memory that the tracer and every tracee of the cache space map. */
export class CacheSpace {
  readonly cache: CodeCache;
  /** Regions of its own, and those of the modules that it uses. */
  readonly regions: MappedRegion[] = [];
  /** Address spaces that run this cache space. */
  users = 0;
  /** Saved states that may be gone back to, which are of this cache space. */
  #keepers = 0;

  /** Where its fixed parts are. */
  readonly base = CONTEXT_BASE;

  /** The system calls that its tasks do without a stop. */
  readonly calls: CallRing;

  readonly #memory: CacheSpaceMemory;

  constructor(
    private readonly pool: CacheSpacePool,
    host: (cacheSpace: CacheSpace) => CacheHost,
  ) {
    this.#memory = pool.take();
    const { u8: bytes, view } = this.#memory.stubs.buffer;
    installCallStub(bytes);
    this.calls = new CallRing(this.context, this.base);
    this.cache = new CodeCache(host(this), this.context.u32.subarray(CONTEXT.table / 4), {
      base: STUBS_BASE,
      bytes,
      view,
    });
  }

  private get context(): CodeSegment["buffer"] {
    return this.#memory.context.buffer;
  }

  /** What is at fixed addresses: context with lookup table, and stubs. */
  get fixedParts(): readonly { base: number; segment: CodeSegment }[] {
    const { context, stubs } = this.#memory;
    return [
      { base: this.base, segment: context },
      { base: this.base + CONTEXT_SIZE, segment: stubs },
    ];
  }

  /** The counters, 32 bits each. */
  get counters(): Int32Array {
    return this.context.i32;
  }

  /** What retires is counted in its translations (`translate/retired.ts`). */
  countsRetired = false;
  /** What {@link takeRetired} has seen of the counters: they are the program's, and only ever grow. */
  readonly #seen = new Float64Array(RETIRED.length);

  /** Adds what has retired since the last time to sums in the order of `RETIRED`. */
  takeRetired(sums: Float64Array): void {
    const { u32 } = this.context;
    for (let i = 0; i < RETIRED.length; i++) {
      const at = CONTEXT.retired / 4 + 2 * i;
      const now = u32[at]! + u32[at + 1]! * 2 ** 32;
      sums[i]! += now - this.#seen[i]!;
      this.#seen[i] = now;
    }
  }

  /** Value of a spilled register (`CONTEXT.spilledRcx` …). */
  spilled(offset: number): bigint {
    return this.context.u64[offset / 8]!;
  }

  /** Puts a value where {@link spilled} reads it. */
  setSpilled(offset: number, value: bigint): void {
    this.context.u64[offset / 8] = value;
  }

  /** What the x87 unit has said in front of the trap of an fnstenv or fnsave. */
  get x87Environment(): DataView {
    return new DataView(this.context.u8.slice(CONTEXT.x87Environment, CONTEXT.x87Always).buffer);
  }

  /** Takes over the counters and spilled registers of the cache space that a task has run in so far. */
  takeOver(other: CacheSpace): void {
    this.context.u8.set(other.context.u8.subarray(0, CONTEXT.callStub));
    const retired = other.context.u8.subarray(CONTEXT.retired, CALL_DATA.shapeOf);
    this.context.u8.set(retired, CONTEXT.retired);
    this.#seen.set(other.#seen);
  }

  /** Address of the scratch area in a tracee. */
  get scratchAddress(): number {
    return this.base + CONTEXT.scratch;
  }

  /** Whether it was made for where the fixed parts are now. */
  get isPlaced(): boolean {
    return this.base === CONTEXT_BASE;
  }

  /** The tracer's view of the scratch area. */
  get scratch(): Uint8Array {
    return this.context.u8.subarray(CONTEXT.scratch);
  }

  /** Makes room for one more region; the caller maps it in the tracee at `base`. */
  addRegion(base: number): MappedRegion {
    const segment = this.pool.memory.make(REGION_SIZE, "code");
    const region: MappedRegion = { base, bytes: segment.buffer.u8, view: segment.buffer.view, segment };
    this.regions.push(region);
    this.#own.push(region);
    return region;
  }

  readonly #own: MappedRegion[] = [];

  /** Whether a part of the cache, or the context, has a byte in [start, end). */
  isIn(start: number, end: number): boolean {
    return this.parts.some((part) => start < part.end && end > part.start);
  }

  /** All of its parts, ascending. */
  get parts(): { start: number; end: number }[] {
    const regions = this.regions.map(({ base, bytes }) => ({ start: base, end: base + bytes.length }));
    return [{ start: this.base, end: this.base + FIXED_SIZE }, ...regions].sort((a, b) => a.start - b.start);
  }

  /** Keeps it although nobody runs it, until {@link release}. */
  keep(): void {
    this.#keepers++;
  }

  /** See {@link keep}. */
  release(): void {
    this.#keepers--;
    this.disposeUnused();
  }

  /** Gives the tracer's mappings back, if nobody needs them any more. */
  disposeUnused(): void {
    if (this.users > 0 || this.#keepers > 0) return;
    for (const { segment } of this.#own) segment[Symbol.dispose]();
    this.pool.give(this.#memory);
  }
}
