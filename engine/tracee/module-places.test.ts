import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { placeOfLibrary, placeOfModule, SLOT_ROOM } from "./module-places.ts";

const MB = 1 << 20;
const anywhere = () => true;

test("placeOfLibrary() gives the same place for the same file, and the next free one where it is taken", () => {
  const first = placeOfLibrary("a", 2 * MB, anywhere);
  assert(first !== undefined);
  assertEquals(placeOfLibrary("a", 2 * MB, anywhere), first);
  assert(placeOfLibrary("b", 2 * MB, anywhere) !== first);
  const second = placeOfLibrary("a", 2 * MB, (start) => start !== first);
  assert(second !== undefined && second !== first);
  assertEquals(placeOfLibrary("a", SLOT_ROOM + 1, anywhere), undefined);
  assertEquals(
    placeOfLibrary("a", 1, () => false),
    undefined,
  );
});

test("placeOfModule() gives places that are near the text, apart from it and from those of others", () => {
  const library = placeOfLibrary("a", SLOT_ROOM, anywhere)!;
  const texts = [
    [0x401000, 0x1800000],
    [0x555555556000, 0x555555600000],
    [0x7ffff7fc5000, 0x7ffff7ff0000],
    [library + 0x1000, library + SLOT_ROOM],
  ] as const;
  const taken = texts.map(([start, end]) => {
    const place = placeOfModule(start, end);
    assert(place, start.toString(16));
    const { base, size } = place;
    assert(base + size <= start || base >= end, "apart");
    assert(Math.abs(base - start) < 2 ** 30, "near");
    assert(size >= Math.min(8 * (end - start), 128 * MB), "with room for all of the text");
    return { start: base, end: base + size };
  });
  taken.sort((a, b) => a.start - b.start);
  taken.reduce((before, next) => {
    assert(before.end <= next.start);
    return next;
  });
});

test("placeOfModule() knows no place for text that lies elsewhere", () => {
  assertEquals(placeOfModule(0x200000000000, 0x200000001000), undefined);
});
