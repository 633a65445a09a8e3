import { expect, test } from "bun:test";
import { firstUntold } from "./effect-check.ts";

const START = 0x7000;

/** Memory of three pages, in which some bytes are different. */
function changedAt(...offsets: number[]): Uint8Array {
  const bytes = new Uint8Array(3 * 4096);
  for (const offset of offsets) bytes[offset] = 1;
  return bytes;
}

test("firstUntold() finds a byte that changed outside of what was told, and no other", () => {
  const before = { start: START, bytes: changedAt() };
  const told = [{ start: START + 10, end: START + 20 }];
  expect(firstUntold(before, changedAt(), told)).toBeUndefined();
  expect(firstUntold(before, changedAt(10, 19), told)).toBeUndefined();
  expect(firstUntold(before, changedAt(10, 20), told)).toBe(START + 20);
  expect(firstUntold(before, changedAt(9), told)).toBe(START + 9);
  expect(firstUntold(before, changedAt(3 * 4096 - 1), told)).toBe(START + 3 * 4096 - 1);
  expect(firstUntold(before, changedAt(5000, 4999), [])).toBe(START + 4999);
});

test("firstUntold() compares what is still mapped", () => {
  const before = { start: START, bytes: changedAt() };
  expect(firstUntold(before, changedAt(5000).subarray(0, 5000), [])).toBeUndefined();
  expect(firstUntold(before, changedAt(5000).subarray(0, 5001), [])).toBe(START + 5000);
});
