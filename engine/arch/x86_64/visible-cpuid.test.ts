import { expect, test } from "bun:test";
import { cpuid } from "../../../ffi/mod.ts";
import { type AskProcessor, askProcessor } from "./visible-cpuid.ts";

/** A processor with tiles: AVX-512 as components 5 to 7, TILECFG of 64 bytes and TILEDATA of 8192. */
const withTiles: AskProcessor = (leaf, subleaf) => {
  if (leaf === 7) return subleaf < 2 ? [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff] : [1, 2, 3, 4];
  if (leaf === 0x1d || leaf === 0x1e) return [1, 2, 3, 4];
  if (leaf !== 0xd) return [leaf, subleaf, 0, 0];
  const components: Record<number, [number, number]> = {
    2: [256, 576],
    5: [64, 832],
    6: [512, 896],
    7: [1024, 1408],
    17: [64, 2432],
    18: [8192, 2496],
  };
  if (subleaf === 0) return [0x600e7, 10688, 10688, 0];
  const [size, offset] = components[subleaf] ?? [0, 0];
  return [size, offset, 0, 0];
};

test("askProcessor() hides the features that the engine has not, and no others", () => {
  const [eax, ebx, ecx, edx] = askProcessor(7, 0, withTiles);
  expect(eax).toBe(0xffffffff);
  expect(~ebx >>> 0).toBe((1 << 4) | (1 << 11));
  expect(~ecx >>> 0).toBe((1 << 3) | (1 << 4) | (1 << 5) | (1 << 7));
  expect(~edx >>> 0).toBe((1 << 11) | (1 << 13) | (1 << 20) | (1 << 22) | (1 << 24) | (1 << 25));
  expect(askProcessor(7, 1, withTiles)).toEqual([~(1 << 21) >>> 0, 0xffffffff, 0xffffffff, ~(1 << 8) >>> 0]);
  expect(askProcessor(7, 2, withTiles)).toEqual([1, 2, 3, 4]);
});

test("askProcessor() has no tiles in the extended state, nor the room for them", () => {
  expect(askProcessor(0xd, 0, withTiles)).toEqual([0xe7, 2432, 2432, 0]);
  expect(askProcessor(0xd, 17, withTiles)).toEqual([0, 0, 0, 0]);
  expect(askProcessor(0xd, 18, withTiles)).toEqual([0, 0, 0, 0]);
  expect(askProcessor(0xd, 2, withTiles)).toEqual([256, 576, 0, 0]);
  expect(askProcessor(0x1d, 0, withTiles)).toEqual([0, 0, 0, 0]);
});

test("askProcessor() leaves the other leaves as they are", () => {
  for (const leaf of [0, 1, 4, 0x80000001]) expect(askProcessor(leaf, 0, withTiles)).toEqual([leaf, 0, 0, 0]);
  expect(askProcessor(0, 0)).toEqual(cpuid(0));
});
