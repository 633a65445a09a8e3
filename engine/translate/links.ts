/**
 * Which direct branches lead to which entry, so that all of them can be led elsewhere at once when the text
 * behind the entry has changed.
 */

/** Branches that lead to one entry, by the address of what is to be changed in them. */
interface Incoming {
  /** Relative 32-bit operands. */
  near: number[];
  /** Absolute 64-bit literals of far jumps. */
  far: number[];
}

/** Sites of direct branches by the entry that they lead to. */
export class Links {
  private readonly byEntry = new Map<number, Incoming>();

  /** Notes that the relative operand (or the far jump's literal) at `site` leads to `entry`. */
  add(entry: number, site: number, kind: keyof Incoming): void {
    const known = this.byEntry.get(entry);
    if (known) known[kind].push(site);
    else this.byEntry.set(entry, { near: kind === "near" ? [site] : [], far: kind === "far" ? [site] : [] });
  }

  /** Removes and returns the branches that lead to `entry`. */
  take(entry: number): Readonly<Incoming> {
    const known = this.byEntry.get(entry);
    this.byEntry.delete(entry);
    return known ?? { near: [], far: [] };
  }
}
