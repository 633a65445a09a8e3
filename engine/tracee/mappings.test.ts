import { expect, test } from "bun:test";
import { PROT } from "../../ffi/mod.ts";
import { type Mapping, MappingList, pageEnd, pageStart } from "./mappings.ts";

const mapping = (start: number, end: number, more: Partial<Mapping> = {}): Mapping => ({
  start,
  end,
  protection: PROT.READ,
  shared: false,
  file: -1,
  offset: 0,
  name: "",
  ...more,
});

function listOf(...mappings: Mapping[]): MappingList {
  const list = new MappingList();
  for (const one of mappings) list.add(one);
  return list;
}

const ranges = (list: MappingList) => list.all.map(({ start, end }) => [start, end]);

test("add() keeps the order and replaces what was there", () => {
  const list = listOf(mapping(0x5000, 0x6000), mapping(0x1000, 0x4000), mapping(0x3000, 0x5800));
  expect(ranges(list)).toEqual([
    [0x1000, 0x3000],
    [0x3000, 0x5800],
    [0x5800, 0x6000],
  ]);
});

test("remove() in the middle leaves two pieces with the right file offsets", () => {
  const list = listOf(mapping(0x1000, 0x5000, { file: 3, offset: 0x2000 }));
  list.remove(0x2000, 0x3000);
  expect(list.all.map(({ start, end, offset }) => [start, end, offset])).toEqual([
    [0x1000, 0x2000, 0x2000],
    [0x3000, 0x5000, 0x4000],
  ]);
});

test("protect() splits a mapping and executable() follows", () => {
  const list = listOf(mapping(0x1000, 0x4000));
  list.protect(0x2000, 0x3000, PROT.READ | PROT.EXEC);
  expect(ranges(list)).toEqual([
    [0x1000, 0x2000],
    [0x2000, 0x3000],
    [0x3000, 0x4000],
  ]);
  expect([0x1fff, 0x2000, 0x2fff, 0x3000].map((address) => list.executable(address))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test("find() knows first and last bytes, gaps and ends", () => {
  const list = listOf(mapping(0x1000, 0x2000), mapping(0x3000, 0x4000));
  expect([0xfff, 0x1000, 0x1fff, 0x2000, 0x3fff, 0x4000].map((at) => list.find(at)?.start)).toEqual([
    undefined,
    0x1000,
    0x1000,
    undefined,
    0x3000,
    undefined,
  ]);
});

test("clone() is independent", () => {
  const list = listOf(mapping(0x1000, 0x2000));
  const copy = list.clone();
  copy.remove(0x1000, 0x2000);
  expect(ranges(list)).toEqual([[0x1000, 0x2000]]);
  expect(ranges(copy)).toEqual([]);
});

test("pageStart() and pageEnd() round to whole pages", () => {
  expect([pageStart(0x1fff), pageStart(0x2000), pageEnd(0x2000), pageEnd(0x2001)]).toEqual([
    0x1000, 0x2000, 0x2000, 0x3000,
  ]);
});
