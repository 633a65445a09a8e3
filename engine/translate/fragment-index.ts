/** Where fragments are: by their cache addresses, and by the pages of the text that they are translations of. */
import type { Assembler } from "./assembler.ts";
import type { Fragment } from "./fragment-host.ts";
import { findTranslation, type Translation } from "./translation-info.ts";

const PAGE = 4096;

/** Fragments by cache address and by page of text. */
export class FragmentIndex {
  /** By region, in order of their cache addresses. */
  private readonly byRegion = new Map<Assembler, Fragment[]>();
  private readonly byPage = new Map<number, Set<Fragment>>();

  /** @param onText Called with the number of a page when its first fragment is registered. */
  constructor(private readonly onText: (page: number) => void) {}

  /** Adds a fragment that lies behind all others of its region. */
  push(region: Assembler, fragment: Fragment): void {
    const known = this.byRegion.get(region);
    if (known) known.push(fragment);
    else this.byRegion.set(region, [fragment]);
  }

  /** The fragment at a cache pc in a region. */
  at(region: Assembler | undefined, address: number): Fragment | undefined {
    const fragments = region && this.byRegion.get(region);
    const fragment = fragments?.[lastAtOrBelow(fragments.length, (i) => fragments[i]!.start, address)];
    return fragment && address < fragment.end ? fragment : undefined;
  }

  /** The last entry of translation info at or before a cache pc in a region. */
  translationAt(region: Assembler | undefined, address: number): Translation | undefined {
    const fragment = this.at(region, address);
    return fragment && findTranslation(fragment.translationInfo, fragment.start, fragment.pc, address);
  }

  /** Notes which pages' text a fragment is a translation of. */
  register(fragment: Fragment): void {
    forEachPage(fragment, (page) => {
      let fragments = this.byPage.get(page);
      if (!fragments) {
        fragments = new Set();
        this.byPage.set(page, fragments);
      }
      if (fragments.size === 0) this.onText(page);
      fragments.add(fragment);
    });
  }

  /** Takes back what {@link register} has noted. */
  unregister(fragment: Fragment): void {
    forEachPage(fragment, (page) => this.byPage.get(page)?.delete(fragment));
  }

  /** Fragments that are translations of text in [start, end), or in its pages. */
  ofText(start: number, end: number): Set<Fragment> {
    const found = new Set<Fragment>();
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    const collect = (fragments: Set<Fragment> | undefined): void => {
      for (const fragment of fragments ?? []) found.add(fragment);
    };
    if (last - first < this.byPage.size) {
      for (let page = first; page <= last; page++) collect(this.byPage.get(page));
    } else {
      for (const [page, fragments] of this.byPage) if (page >= first && page <= last) collect(fragments);
    }
    return found;
  }
}

function forEachPage({ blocks }: Fragment, each: (page: number) => void): void {
  for (const { pc, length } of blocks) {
    const last = Math.floor((pc + length) / PAGE);
    for (let page = Math.floor(pc / PAGE); page <= last; page++) each(page);
  }
}

/** Index of the last of `count` ascending keys that is not above `value`, or -1. */
function lastAtOrBelow(count: number, key: (index: number) => number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
