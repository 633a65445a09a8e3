/** Makes the tables that later runs use of a text module: what earlier runs have left, and what came in this one. */
import type { Fragment } from "./fragment-host.ts";
import { type Frozen, type FrozenTables, type PackedTrap, packTrap } from "./frozen.ts";
import type { SyscallSite } from "./translations.ts";
import type { Trap } from "./traps.ts";

const PAGE = 4096;

/** What the tables are made of; app pcs and cache addresses are absolute. */
export interface TablesSource {
  textStart: number;
  base: number;
  code: Uint8Array;
  pages: readonly number[];
  hashes: ReadonlyMap<number, bigint>;
  /** What earlier runs have left; all of the rest is of this one. */
  before: Frozen | undefined;
  entries: ReadonlyMap<number, number>;
  traps: ReadonlyMap<number, Trap>;
  syscalls: ReadonlyMap<number, SyscallSite>;
  checked: ReadonlyMap<number, number>;
  heads: ReadonlyMap<number, number>;
  fragments: readonly Fragment[];
  /** Whether an exit's branch leads past its trap by now. */
  isLinked(trap: Trap): boolean;
}

/**
 * The tables of a text module, as the file that keeps them has them: those that were read, with what this run has
 * added.
 */
export function takeTables(source: TablesSource): FrozenTables {
  const { textStart, base, before, code, pages } = source;
  const old = before?.tables;
  const names: string[] = [];
  const name = (text: string): number => {
    const known = names.indexOf(text);
    return known >= 0 ? known : names.push(text) - 1;
  };
  const traps: PackedTrap[] = [];
  const putTrap = (address: number, trap: Trap): void => {
    if (!source.isLinked(trap)) traps.push(packTrap(address, trap, { textStart, base }, name));
  };
  for (const [address, trap] of before?.traps() ?? []) putTrap(address, trap);
  for (const [address, trap] of source.traps) putTrap(address, trap);
  traps.sort((a, b) => a[0] - b[0]);
  const entries = sortedPairs(old?.entryPc, old?.entryAt, source.entries, textStart, base);
  const checked = sortedPairs(old?.iblEntryPc, old?.iblEntryAt, source.checked, textStart, base);
  const heads = sortedPairs(old?.headSlot, old?.headAt, source.heads, 0, base);
  const syscalls: [number, number, number][] = [];
  for (const [i, at] of (old?.syscallAt ?? []).entries()) {
    syscalls.push([at, old!.syscallPc[i]!, old!.syscallNext[i]!]);
  }
  for (const [address, { pc, next }] of source.syscalls) {
    syscalls.push([address - base, pc - textStart, next - textStart]);
  }
  syscalls.sort((a, b) => a[0] - b[0]);
  const translationInfo = joined([
    old?.translationInfo ?? new Uint8Array(0),
    ...source.fragments.map((fragment) => fragment.translationInfo),
  ]);
  let infoAt = old?.translationInfo.length ?? 0;
  const starts = source.fragments.map((fragment) => {
    const at = infoAt;
    infoAt += fragment.translationInfo.length;
    return at;
  });
  const column = (rows: readonly (readonly number[])[], index: number): Uint32Array =>
    Uint32Array.from(rows, (row) => row[index]!);
  const more = (known: Uint32Array | undefined, numbers: readonly number[]): Uint32Array => {
    const all = new Uint32Array((known?.length ?? 0) + numbers.length);
    if (known) all.set(known);
    all.set(numbers, known?.length ?? 0);
    return all;
  };
  return {
    hashes: BigUint64Array.from(pages, (page) => source.hashes.get(page)!),
    pages: Uint32Array.from(pages, (page) => page - textStart / PAGE),
    entryPc: entries.keys,
    entryAt: entries.values,
    trapAt: column(traps, 0),
    trapA: column(traps, 1),
    trapB: column(traps, 2),
    trapC: column(traps, 3),
    syscallAt: column(syscalls, 0),
    syscallPc: column(syscalls, 1),
    syscallNext: column(syscalls, 2),
    iblEntryPc: checked.keys,
    iblEntryAt: checked.values,
    headSlot: heads.keys,
    headAt: heads.values,
    // Fragments of this run lie behind those of earlier ones.
    fragmentAt: more(
      old?.fragmentAt,
      source.fragments.map(({ start }) => start - base),
    ),
    fragmentEnd: more(
      old?.fragmentEnd,
      source.fragments.map(({ end }) => end - base),
    ),
    fragmentPc: more(
      old?.fragmentPc,
      source.fragments.map(({ pc }) => pc - textStart),
    ),
    fragmentInfo: more(old?.fragmentInfo, starts),
    translationInfo,
    names: new TextEncoder().encode(names.join("\n")),
    code,
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Old and new pairs in order of their keys; a new one takes the place of an old one with the same key. */
function sortedPairs(
  oldKeys: Uint32Array | undefined,
  oldValues: Uint32Array | undefined,
  fresh: ReadonlyMap<number, number>,
  keyStart: number,
  valueStart: number,
): { keys: Uint32Array; values: Uint32Array } {
  const pairs: [number, number][] = [];
  for (const [i, key] of (oldKeys ?? []).entries()) {
    if (!fresh.has(key + keyStart)) pairs.push([key, oldValues![i]!]);
  }
  for (const [key, value] of fresh) pairs.push([key - keyStart, value - valueStart]);
  pairs.sort((a, b) => a[0] - b[0]);
  return { keys: Uint32Array.from(pairs, ([key]) => key), values: Uint32Array.from(pairs, ([, v]) => v) };
}
