/** A code cache without a tracee: plain buffers in place of shared memory, text from a map of pages. */
import { CodeCache } from "./code-cache.ts";
import { STUBS_BASE, STUBS_SIZE, TABLE_ENTRIES } from "./context.ts";
import { TextDecoder64 } from "./decode.ts";
import type { Decoded } from "./instruction.ts";
import type { Region } from "./region.ts";
import { type Noted, TICKS_ALONE } from "./traps.ts";

const PAGE = 4096;

/** The program's text: bytes by address, in whole pages. */
export class Text {
  private readonly pages = new Map<number, Uint8Array>();

  /** Puts bytes at an address; pages that they touch exist from then on, full of `ret`. */
  put(address: number, bytes: readonly number[]): this {
    bytes.forEach((byte, i) => {
      const at = address + i;
      const page = at - (at % PAGE);
      const known = this.pages.get(page) ?? new Uint8Array(PAGE).fill(0xc3);
      this.pages.set(page, known);
      known[at - page] = byte;
    });
    return this;
  }

  readonly fetch = (page: number): Uint8Array | undefined => this.pages.get(page);
}

/** Decodes `count` instructions from `pc` on. */
export function decodeAll(text: Text, pc: number, count: number): Decoded[] {
  const decoder = new TextDecoder64(text.fetch);
  const decoded: Decoded[] = [];
  for (let at = pc; decoded.length < count; at += decoded.at(-1)!.length) decoded.push(decoder.decode(at));
  return decoded;
}

/** A cache over `text` whose regions are plain buffers of `regionSize` bytes. */
export function plainCache(
  text: Text,
  regionSize = 1 << 20,
  notes: Noted = TICKS_ALONE,
  stops: ReadonlySet<number> = new Set(),
): { cache: CodeCache; regions: Region[]; table: Uint32Array } {
  const regions: Region[] = [];
  const table = new Uint32Array(2 * TABLE_ENTRIES);
  const stubs = new Uint8Array(STUBS_SIZE);
  const cache = new CodeCache(
    {
      newRegion: (near) => {
        const bytes = new Uint8Array(regionSize);
        // Regions follow each other below the text, as in a tracee.
        const base = near - (near % PAGE) - 0x1000000 - regions.length * regionSize;
        const region = { base, bytes, view: new DataView(bytes.buffer) };
        regions.push(region);
        return region;
      },
      fetchPage: text.fetch,
      textTranslated: () => {},
      notes: () => notes,
      stopsAt: (pc) => stops.has(pc),
      sharedText: () => undefined,
      moduleAt: () => undefined,
      sameText: () => false,
    },
    table,
    { base: STUBS_BASE, bytes: stubs, view: new DataView(stubs.buffer) },
  );
  return { cache, regions, table };
}

/** A view of a region, for following its code. */
export function viewOf(regions: readonly Region[], address: number): { region: Region; offset: number } {
  const region = regions.find(({ base, bytes }) => address >= base && address < base + bytes.length);
  if (!region) throw new Error(`no region at 0x${address.toString(16)}`);
  return { region, offset: address - region.base };
}
