/** Translations of an earlier run that wait until their text is asked for; see `snapshot.ts`. */
import type { Unit } from "./emission.ts";
import { forEachRow, type Snapshot, unpackTrap } from "./snapshot.ts";
import type { Trap } from "./traps.ts";

/** Where translations go that come to life. */
export interface Awakened {
  /** Hash of the text of a page as it is now, or undefined where the program can't execute. */
  pageHash(page: number): bigint | undefined;
  /** Whether an app pc has a translation of this run. */
  isTranslated(pc: number): boolean;
  addPage(page: number, hash: bigint): void;
  /** Its segments are to be registered by their entries. */
  addUnit(unit: Unit): void;
  addTrap(address: number, trap: Trap): void;
  addSyscall(returnAddress: number, pc: number, next: number): void;
  addChecked(pc: number, address: number): void;
  addLink(entry: number, site: number, kind: "near" | "far"): void;
}

/** See the file's head. */
export class Dormant {
  private readonly groups = new Map<number, number>();
  /** Whether some text was asked for that is another one by now. */
  outdated = false;
  /** In the order of the snapshot's rows; without segments until they are awake. */
  readonly units: Unit[] = [];
  /** Regions whose translations are in the cache. */
  private readonly opened: { base: number; end: number }[] = [];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly to: Awakened,
  ) {
    const { pages, units, marks } = snapshot;
    for (let group = 0; group < pages.starts.length - 1; group++) {
      forEachRow(pages, group, (at) => this.groups.set(pages.data[at]!, group));
    }
    for (let at = 0; at < units.data.length; at += units.width) {
      const mark = units.data[at + 4]!;
      this.units.push({
        start: units.data[at]!,
        end: units.data[at + 1]!,
        segments: [],
        marks: marks.subarray(mark, mark + units.data[at + 5]!),
        dead: false,
      });
    }
  }

  /** The contents of the region at an address, with its units in order, or undefined if there was none. */
  open(base: number): { bytes: Uint8Array; units: Unit[] } | undefined {
    const region = this.snapshot.regions.find((other) => other.base === base);
    if (!region || this.opened.some((other) => other.base === base)) return undefined;
    const { bytes } = region;
    const end = base + bytes.length;
    this.opened.push({ base, end });
    const units = this.units.filter(({ start }) => start >= base && start < end);
    return { bytes, units: units.sort((a, b) => a.start - b.start) };
  }

  /** Whether there are sleeping translations of a page, by its number. */
  has(page: number): boolean {
    return this.groups.has(page);
  }

  /**
   * Brings the translations of a page to life, and with them all that they lead to.
   *
   * @param page Number of the page.
   * @returns False if there are none, if they are in a region that is not there yet, or if the text of any of these
   *   pages is another one now.
   */
  wake(page: number): boolean {
    const group = this.groups.get(page);
    if (group === undefined || !this.isOpen(group)) return false;
    const { pages, hashes } = this.snapshot;
    let same = true;
    forEachRow(pages, group, (at) => {
      this.groups.delete(pages.data[at]!);
      same &&= this.to.pageHash(pages.data[at]!) === hashes[at / pages.width];
    });
    // Text that control flowed into while the region was not there: it is not translated twice.
    same &&= !this.segmentsOf(group).some(({ pc }) => this.to.isTranslated(pc));
    if (same) this.add(group);
    else this.outdated = true;
    return same;
  }

  private isOpen(group: number): boolean {
    const { units } = this.snapshot;
    let open = true;
    forEachRow(units, group, (at) => {
      const start = units.data[at]!;
      open &&= this.opened.some(({ base, end }) => start >= base && start < end);
    });
    return open;
  }

  private segmentsOf(group: number): Unit["segments"] {
    const found: Unit["segments"] = [];
    forEachRow(this.snapshot.units, group, (at) => found.push(...this.segmentsAt(at)));
    return found;
  }

  /** The segments of the unit in the row at an offset. */
  private segmentsAt(at: number): Unit["segments"] {
    const { units, segments } = this.snapshot;
    const first = units.data[at + 2]!;
    const last = first + 3 * units.data[at + 3]!;
    const found: Unit["segments"] = [];
    for (let i = first; i < last; i += 3) {
      found.push({ pc: segments[i]!, length: segments[i + 1]!, entry: segments[i + 2]! });
    }
    return found;
  }

  private add(group: number): void {
    const { pages, hashes, units, traps, syscalls, checked, links, names } = this.snapshot;
    forEachRow(pages, group, (at) => this.to.addPage(pages.data[at]!, hashes[at / pages.width]!));
    forEachRow(units, group, (at) => {
      const unit = this.units[at / units.width]!;
      unit.segments.push(...this.segmentsAt(at));
      this.to.addUnit(unit);
    });
    forEachRow(traps, group, (at) => {
      this.to.addTrap(traps.data[at]!, unpackTrap(traps.data, at + 1, names));
    });
    forEachRow(syscalls, group, (at) => {
      this.to.addSyscall(syscalls.data[at]!, syscalls.data[at + 1]!, syscalls.data[at + 2]!);
    });
    forEachRow(checked, group, (at) => this.to.addChecked(checked.data[at]!, checked.data[at + 1]!));
    forEachRow(links, group, (at) => {
      this.to.addLink(links.data[at]!, links.data[at + 1]!, links.data[at + 2] === 1 ? "far" : "near");
    });
  }
}
