import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import type { CpuidResult } from "../../../ffi/mod.ts";
import { describedProcessor } from "./described-cpuid.ts";

const ALL = 0xffffffff;
const everything = { cpuid: (): CpuidResult => [ALL, ALL, ALL, ALL] };
const real =
  (...result: CpuidResult) =>
  (): CpuidResult =>
    result;

test("describedProcessor() claims no feature that the real processor lacks", () => {
  assertEquals(describedProcessor(everything, 1, 0, real(1, 2, 4, 8)), [ALL, ALL, 0x8000_8004, 8]);
  assertEquals(describedProcessor(everything, 7, 0, real(1, 0x100, 4, 8)), [ALL, 0x110, 4, 0x2808]);
  assertEquals(describedProcessor(everything, 7, 1, real(1, 2, 4, 8)), [1, 2, 4, 8]);
  assertEquals(describedProcessor(everything, 0x8000_0001, 0, real(1, 2, 4, 8)), [ALL, ALL, 0x0180_0004, 8]);
});

test("describedProcessor() hides what the described processor lacks", () => {
  const nothing = { cpuid: (): CpuidResult => [0, 0, 0, 0] };
  assertEquals(describedProcessor(nothing, 7, 0, real(ALL, ALL, ALL, ALL)), [0, 0, 0, 0]);
});

test("describedProcessor() takes identity, counters and hypervisor from the model", () => {
  const model = { cpuid: (leaf: number): CpuidResult => [leaf, 1, 2, 3] };
  for (const leaf of [0, 4, 0xa, 0x4000_0000, 0x8000_0002]) {
    assertEquals(describedProcessor(model, leaf, 0, real(9, 9, 9, 9)), [leaf, 1, 2, 3]);
  }
});

test("describedProcessor() keeps the real sizes of XSAVE, which loaders reserve room by", () => {
  assertEquals(describedProcessor(everything, 0xd, 0, real(7, 832, 2696, 0)), [7, 832, 2696, 0]);
});
