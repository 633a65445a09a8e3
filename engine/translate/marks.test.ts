import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { findMark, packMarks } from "./marks.ts";

const START = 0x7fffc0001000;
const PC = 0x400000001000;
const TRIPLES = [
  [START, PC, 0],
  [START + 3, PC + 2, 0],
  [START + 300, PC - 0x123456, 2048],
  [START + 301, PC - 0x123456 + 3, 2048],
  [START + 0x20000, 0, 1],
].flat();

test("findMark() gives the last mark at or before an address, as it was packed", () => {
  const packed = packMarks(TRIPLES, START, PC);
  const at = (address: number) => findMark(packed, START, PC, address);
  assertEquals(at(START - 1), undefined);
  for (let i = 0; i < TRIPLES.length; i += 3) {
    const [address = 0, pc = 0, bits = 0] = TRIPLES.slice(i, i + 3);
    assertEquals(at(address), { address, pc, bits });
    assertEquals(at(address + 2)?.address, address === START + 300 ? START + 301 : address);
  }
});

test("packMarks() of nothing is nothing", () => {
  assertEquals(packMarks([], START, PC).length, 0);
  assertEquals(findMark(new Uint8Array(0), START, PC, START), undefined);
});
