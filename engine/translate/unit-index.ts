/** Where units are: by their cache addresses, and by the pages of the text that they are translations of. */
import type { Assembler } from "./assembler.ts";
import type { Unit } from "./emission.ts";
import { findMark, type Mark } from "./marks.ts";

const PAGE = 4096;

/** Units by cache address and by page of text. */
export class UnitIndex {
  /** By region, in order of their cache addresses. */
  private readonly byRegion = new Map<Assembler, Unit[]>();
  private readonly byPage = new Map<number, Set<Unit>>();

  /** @param onText Called with the number of a page when its first unit is registered. */
  constructor(private readonly onText: (page: number) => void) {}

  /** Adds a unit that lies behind all others of its region. */
  push(region: Assembler, unit: Unit): void {
    const known = this.byRegion.get(region);
    if (known) known.push(unit);
    else this.byRegion.set(region, [unit]);
  }

  /** The unit at a cache pc in a region. */
  at(region: Assembler | undefined, address: number): Unit | undefined {
    const units = region && this.byRegion.get(region);
    const unit = units?.[lastAtOrBelow(units.length, (i) => units[i]!.start, address)];
    return unit && address < unit.end ? unit : undefined;
  }

  /** The last mark at or before a cache pc in a region. */
  markAt(region: Assembler | undefined, address: number): Mark | undefined {
    const unit = this.at(region, address);
    return unit && findMark(unit.marks, unit.start, unit.pc, address);
  }

  /** Notes which pages' text a unit is a translation of. */
  register(unit: Unit): void {
    forEachPage(unit, (page) => {
      let units = this.byPage.get(page);
      if (!units) {
        units = new Set();
        this.byPage.set(page, units);
      }
      if (units.size === 0) this.onText(page);
      units.add(unit);
    });
  }

  /** Takes back what {@link register} has noted. */
  unregister(unit: Unit): void {
    forEachPage(unit, (page) => this.byPage.get(page)?.delete(unit));
  }

  /** Units that are translations of text in [start, end), or in its pages. */
  ofText(start: number, end: number): Set<Unit> {
    const found = new Set<Unit>();
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    const collect = (units: Set<Unit> | undefined): void => {
      for (const unit of units ?? []) found.add(unit);
    };
    if (last - first < this.byPage.size) {
      for (let page = first; page <= last; page++) collect(this.byPage.get(page));
    } else {
      for (const [page, units] of this.byPage) if (page >= first && page <= last) collect(units);
    }
    return found;
  }
}

function forEachPage({ segments }: Unit, each: (page: number) => void): void {
  for (const { pc, length } of segments) {
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
