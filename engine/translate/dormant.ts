/** Translations of an earlier run that wait until their text is asked for; see `snapshot.ts`. */
import type { Unit } from "./emission.ts";
import { forEachRow, type Snapshot, unpackTrap } from "./snapshot.ts";
import type { Trap } from "./traps.ts";

/** Where translations go that come to life. */
export interface Awakened {
  /** Hash of the text of a page as it is now, or undefined where the program can't execute. */
  pageHash(page: number): bigint | undefined;
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

  constructor(
    private readonly snapshot: Snapshot,
    private readonly to: Awakened,
  ) {
    const { pages, units, marks } = snapshot;
    for (let group = 0; group < pages.starts.length - 1; group++) {
      forEachRow(pages, group, (at) => this.groups.set(pages.data[at]!, group));
    }
    for (let at = 0; at < units.data.length; at += units.width) {
      const [start, end, , , mark, count] = units.data.subarray(at, at + units.width) as unknown as number[];
      this.units.push({
        start: start!,
        end: end!,
        segments: [],
        marks: marks.subarray(mark!, mark! + count!),
        dead: false,
      });
    }
  }

  /**
   * Brings the translations of a page to life, and with them all that they lead to.
   *
   * @param page Number of the page.
   * @returns False if there are none, or if the text of any of these pages is another one now.
   */
  wake(page: number): boolean {
    const group = this.groups.get(page);
    if (group === undefined) return false;
    const { pages, hashes } = this.snapshot;
    let same = true;
    forEachRow(pages, group, (at) => {
      this.groups.delete(pages.data[at]!);
      same &&= this.to.pageHash(pages.data[at]!) === hashes[at / pages.width];
    });
    if (same) this.add(group);
    else this.outdated = true;
    return same;
  }

  private add(group: number): void {
    const { pages, hashes, units, segments, traps, syscalls, checked, links, names } = this.snapshot;
    forEachRow(pages, group, (at) => this.to.addPage(pages.data[at]!, hashes[at / pages.width]!));
    forEachRow(units, group, (at) => {
      const unit = this.units[at / units.width]!;
      const first = units.data[at + 2]!;
      const last = first + 3 * units.data[at + 3]!;
      for (let i = first; i < last; i += 3) {
        unit.segments.push({ pc: segments[i]!, length: segments[i + 1]!, entry: segments[i + 2]! });
      }
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
