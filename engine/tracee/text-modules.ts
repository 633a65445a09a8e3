/**
 * The text modules of a recording or replay: made or loaded when text is first executed, shared by all cache spaces, and left
 * to later runs at the end.
 */
import { SyscallError } from "../../ffi/mod.ts";
import { TextModule } from "../translate/text-module.ts";
import type { MappedRegion } from "./cache-space.ts";
import type { CodeMemory } from "./code-memory.ts";
import type { CodeSegment } from "./code-segment.ts";
import { placeOfModule } from "./module-places.ts";
import { loadTranslations, saveTranslations } from "./translation-store.ts";

/** Share of new units from which on a module is written anew: one costs 30 µs to make again, and 1 µs to write. */
const WORTH_SAVING = 1 / 16;

/** A module and the memory that it is attached by. */
export interface SharedModule {
  module: TextModule;
  region: MappedRegion;
  /** What tells its text from all others. */
  text: string;
}

/** The modules in use, by stretch of text; those that this run has added to are saved at its end. */
export class TextModules {
  readonly #byText = new Map<string, SharedModule>();

  /** @param memory What modules are made of. */
  constructor(private readonly memory: CodeMemory) {}

  /**
   * The module for a stretch of text.
   *
   * @param fetch Bytes of a page of it.
   * @returns undefined if there is no place for one, or the text can't be read.
   */
  get(start: number, end: number, fetch: (page: number) => Uint8Array | undefined): SharedModule | undefined {
    const place = placeOfModule(start, end);
    const [first, last] = [fetch(start), fetch(end - 4096)];
    if (!place || !first || !last) return undefined;
    const digest = Bun.hash.xxHash64(last, Bun.hash.xxHash64(first));
    const text = [start, end, place.base, place.size, digest].map((n) => n.toString(16)).join(" ");
    const known = this.#byText.get(text);
    if (known) return known;
    const segment = this.memoryFor(place.size);
    if (!segment) return undefined;
    const { u8: bytes, view } = segment.buffer;
    const region = { base: place.base, bytes, view, segment };
    const module = new TextModule(start, end, region);
    const kept = loadTranslations(text);
    if (kept) module.restore(kept);
    const made = { module, region, text };
    this.#byText.set(text, made);
    return made;
  }

  /** Memory of a module, or undefined where the kernel has none so large (kernel.shmmax): cache spaces have their own then. */
  private memoryFor(size: number): CodeSegment | undefined {
    try {
      return this.memory.make(size, "code");
    } catch (error) {
      if (error instanceof SyscallError) return undefined;
      throw error;
    }
  }

  /** Leaves to later runs what they can use. */
  save(): void {
    if (!this.memory.isTrusted) return;
    for (const { module, text } of this.#byText.values()) {
      if (module.fresh > WORTH_SAVING * module.restored) saveTranslations(text, module.tables());
    }
  }

  /** Gives the tracer's memory back. */
  [Symbol.dispose](): void {
    for (const { region } of this.#byText.values()) region.segment[Symbol.dispose]();
    this.#byText.clear();
  }
}
