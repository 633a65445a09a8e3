/** Decoding of the program's text: one instruction at an app pc becomes a small record that says how to translate it. */
import { type Decoded, Kind, undecoded } from "./instruction.ts";
import { quickDecode } from "./quick-decode.ts";

const PAGE = 4096;
/** Longest x86 instruction, in bytes. */
const MAX_INSTRUCTION = 15;

interface Window {
  bytes: Uint8Array;
  base: number;
}

/** Decodes the text of one address space; pages are fetched once and kept until {@link forget}. */
export class TextDecoder64 {
  private readonly windows = new Map<number, Window>();
  private last: Window | undefined;

  /**
   * @param fetch Bytes of the executable page at an address (4096, or fewer where it ends), or undefined
   *   where the program could not execute.
   */
  constructor(private readonly fetch: (page: number) => Uint8Array | undefined) {}

  /** Drops what is known of the pages in [start, end). */
  forget(start: number, end: number): void {
    this.last = undefined;
    for (const page of this.windows.keys()) {
      if (page + PAGE + MAX_INSTRUCTION > start && page < end) this.windows.delete(page);
    }
  }

  private window(page: number): Window | undefined {
    const known = this.windows.get(page);
    if (known) return known;
    const first = this.fetch(page);
    if (!first || first.length === 0) return undefined;
    let bytes = first.slice();
    if (first.length === PAGE) {
      const second = this.fetch(page + PAGE);
      if (second) {
        const joined = new Uint8Array(PAGE + Math.min(MAX_INSTRUCTION, second.length));
        joined.set(bytes);
        joined.set(second.subarray(0, MAX_INSTRUCTION), PAGE);
        bytes = joined;
      }
    }
    const window = { bytes, base: page };
    this.windows.set(page, window);
    return window;
  }

  /** Makes sure that a page is kept as it is now, if the program may execute it. */
  prepare(page: number): void {
    this.window(page);
  }

  /** Hash of a page as it was decoded; see {@link hashOfPage}. */
  decodedHash(page: number): bigint | undefined {
    return hashOfPage(this.windows.get(page)?.bytes.subarray(0, PAGE));
  }

  /** The instruction at `pc`; never throws, whatever the bytes are. */
  decode(pc: number): Decoded {
    const page = pc - (pc % PAGE);
    let window = this.last;
    if (!window || window.base !== page) window = this.window(page);
    const offset = pc - page;
    if (!window || offset >= window.bytes.length) return undecoded(pc, Kind.NoFetch);
    this.last = window;
    return quickDecode(window.bytes, offset, pc) ?? rareInstruction(window.bytes, offset, pc);
  }
}

/** Hash of a whole page of text, or undefined where the program can't execute all of it. */
export function hashOfPage(bytes: Uint8Array | undefined): bigint | undefined {
  return bytes?.length === PAGE ? Bun.hash.xxHash64(bytes) : undefined;
}

function rareInstruction(text: Uint8Array, offset: number, pc: number): Decoded {
  const { fullDecode }: typeof import("./full-decode.ts") = require("./full-decode.ts");
  return fullDecode(text, offset, pc) ?? undecoded(pc, Kind.NoFetch);
}
