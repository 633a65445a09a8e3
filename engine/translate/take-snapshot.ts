/** Makes a {@link Snapshot} of a code cache. */
import type { Unit } from "./emission.ts";
import { PageGroups } from "./page-groups.ts";
import { packTrap, RowCollector, type Snapshot } from "./snapshot.ts";
import type { Trap } from "./traps.ts";

const PAGE = 4096;

/** What a snapshot is made of. */
export interface SnapshotSource {
  regions: { base: number; bytes: Uint8Array }[];
  /** All units, none of them dead. */
  units: readonly Unit[];
  unitAt(address: number): Unit | undefined;
  traps: ReadonlyMap<number, Trap>;
  syscalls: ReadonlyMap<number, { pc: number; next: number }>;
  checked: Iterable<[pc: number, address: number]>;
  links: Iterable<[entry: number, site: number, kind: "near" | "far"]>;
  /** Hash of the text of a page as it was translated, or undefined if that is not known. */
  pageHash(page: number): bigint | undefined;
  /** Whether an exit's branch leads past its trap by now. */
  isLinked(trap: Trap): boolean;
}

const pageOf = (pc: number): number => Math.floor(pc / PAGE);

/** See the file's head. Groups whose text is not known for sure are left out. */
export function takeSnapshot(source: SnapshotSource): Snapshot {
  const sets = new PageGroups();
  const pagesOf = (unit: Unit): number => pageOf(unit.segments[0]!.pc);
  const units = source.units.filter((unit) => unit.segments.length > 0);
  for (const unit of units) {
    for (const { pc, length } of unit.segments) {
      const last = pageOf(pc + Math.max(length, 1) - 1);
      for (let page = pageOf(pc); page <= last; page++) sets.join(pagesOf(unit), page);
    }
  }
  const entryPages = new Map(
    units.flatMap((unit) => unit.segments.map(({ pc, entry }) => [entry, pageOf(pc)] as const)),
  );
  const links = [...source.links].flatMap(([entry, site, kind]) => {
    const unit = source.unitAt(site);
    const page = entryPages.get(entry);
    return unit && page !== undefined && unit.segments.length > 0 ? [{ entry, site, kind, page, unit }] : [];
  });
  for (const { page, unit } of links) sets.join(pagesOf(unit), page);
  const groups = sets.numbered();
  const count = new Set(groups.values()).size;
  const hashes = new Map([...groups.keys()].map((page) => [page, source.pageHash(page)]));
  const unknown = new Set(
    [...groups].filter(([page]) => hashes.get(page) === undefined).map(([, group]) => group),
  );

  const names: string[] = [];
  const name = (text: string): number => {
    const known = names.indexOf(text);
    return known >= 0 ? known : names.push(text) - 1;
  };
  const groupAt = (page: number): number | undefined => {
    const group = groups.get(page);
    return group === undefined || unknown.has(group) ? undefined : group;
  };
  const tables = {
    pages: new RowCollector(1),
    units: new RowCollector(6),
    traps: new RowCollector(7),
    syscalls: new RowCollector(3),
    checked: new RowCollector(2),
    links: new RowCollector(3),
  };
  const put = (table: keyof typeof tables, page: number, ...row: number[]): void => {
    const group = groupAt(page);
    if (group !== undefined) tables[table].add(group, ...row);
  };
  const segments: number[] = [];
  const marks: number[] = [];
  for (const page of groups.keys()) put("pages", page, page);
  for (const unit of units) {
    const { start, end } = unit;
    put(
      "units",
      pagesOf(unit),
      start,
      end,
      segments.length,
      unit.segments.length,
      marks.length,
      unit.marks.length,
    );
    for (const { pc, length, entry } of unit.segments) segments.push(pc, length, entry);
    for (let i = 0; i < unit.marks.length; i++) marks.push(unit.marks[i]!);
  }
  for (const [address, trap] of source.traps) {
    const unit = source.unitAt(address);
    const packed = packTrap(trap, name);
    if (unit && packed && unit.segments.length > 0 && !source.isLinked(trap))
      put("traps", pagesOf(unit), address, ...packed);
  }
  for (const [address, { pc, next }] of source.syscalls) put("syscalls", pageOf(pc), address, pc, next);
  for (const [pc, address] of source.checked) put("checked", pageOf(pc), pc, address);
  for (const { entry, site, kind, page } of links) put("links", page, entry, site, kind === "far" ? 1 : 0);

  const pages = tables.pages.finish(count);
  return {
    regions: source.regions,
    pages,
    hashes: BigUint64Array.from(pages.data, (page) => hashes.get(page)!),
    units: tables.units.finish(count),
    segments: Float64Array.from(segments),
    marks: Float64Array.from(marks),
    traps: tables.traps.finish(count),
    syscalls: tables.syscalls.finish(count),
    checked: tables.checked.finish(count),
    links: tables.links.finish(count),
    names,
  };
}
