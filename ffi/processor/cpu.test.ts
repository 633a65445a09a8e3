import { expect, test } from "bun:test";
import { cpuFeatures, cpuid, rdrand, rdseed, rdtsc, rdtscp, xgetbv } from "../mod.ts";

test("cpuid() gives the vendor and obeys the subleaf", () => {
  const [highest, ebx, ecx, edx] = cpuid(0);
  expect(highest).toBeGreaterThanOrEqual(1);
  const vendor = new TextDecoder().decode(Uint32Array.of(ebx, edx, ecx));
  expect(vendor).toMatch(/^[\x20-\x7e]{12}$/);
  // Leaf 4 or 0xd differ by subleaf wherever they exist; 0xd exists where xgetbv does.
  if (highest >= 0xd && cpuFeatures().xgetbv) expect(cpuid(0xd, 0)).not.toEqual(cpuid(0xd, 1));
});

test("rdtsc() and rdtscp() go forward", () => {
  const first = rdtsc();
  expect(rdtsc()).toBeGreaterThan(first);
  if (cpuFeatures().rdtscp) {
    const { tsc, aux } = rdtscp();
    expect(tsc).toBeGreaterThan(first);
    expect(aux & 0xfff).toBeLessThan(4096);
  }
});

test("rdrand() and rdseed() give 64 bits or nothing", () => {
  const { rdrand: hasRdrand, rdseed: hasRdseed } = cpuFeatures();
  const values = [hasRdrand ? rdrand() : undefined, hasRdseed ? rdseed() : undefined];
  for (const value of values) {
    if (value !== undefined) expect(BigInt.asUintN(64, value)).toBe(value);
  }
});

test("xgetbv(0) has x87 and SSE enabled, as x86-64 Linux needs", () => {
  if (cpuFeatures().xgetbv) expect(xgetbv(0) & 3n).toBe(3n);
});
