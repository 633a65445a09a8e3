import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { findTranslation, packTranslationInfo } from "./translation-info.ts";

const START = 0x7fffc0001000;
const PC = 0x400000001000;
const TRIPLES = [
  [START, PC, 0],
  [START + 3, PC + 2, 0],
  [START + 300, PC - 0x123456, 2048],
  [START + 301, PC - 0x123456 + 3, 2048],
  [START + 0x20000, 0, 1],
].flat();

test("findTranslation() gives the last entry of translation info at or before an address, as it was packed", () => {
  const packed = packTranslationInfo(TRIPLES, START, PC);
  const at = (address: number) => findTranslation(packed, START, PC, address);
  assertEquals(at(START - 1), undefined);
  for (let i = 0; i < TRIPLES.length; i += 3) {
    const [address = 0, pc = 0, bits = 0] = TRIPLES.slice(i, i + 3);
    assertEquals(at(address), { address, pc, bits });
    assertEquals(at(address + 2)?.address, address === START + 300 ? START + 301 : address);
  }
});

test("packTranslationInfo() of nothing is nothing", () => {
  assertEquals(packTranslationInfo([], START, PC).length, 0);
  assertEquals(findTranslation(new Uint8Array(0), START, PC, START), undefined);
});
