import { expect, test } from "bun:test";
import { MMAP_PAGE, MMAP_PAGE_CAPABILITY, NativeBuffer, rdtsc, readPageTime } from "../mod.ts";

const CAP_USER_TIME = 1n << BigInt(MMAP_PAGE_CAPABILITY.user_time);

/** A page as the kernel leaves it that gives twice the TSC as nanoseconds. */
function pageOfTsc(): NativeBuffer {
  const page = NativeBuffer.map(4096);
  page.view.setUint32(MMAP_PAGE.lock, 2, true);
  page.view.setBigUint64(MMAP_PAGE.time_enabled, 1000n, true);
  page.view.setBigUint64(MMAP_PAGE.capabilities, CAP_USER_TIME, true);
  page.view.setUint16(MMAP_PAGE.time_shift, 10, true);
  page.view.setUint32(MMAP_PAGE.time_mult, 2048, true);
  return page;
}

test("readPageTime() adds what the TSC says to the time of the last update", () => {
  using page = pageOfTsc();
  const before = rdtsc();
  page.view.setBigInt64(MMAP_PAGE.time_offset, BigInt(-2n * before), true);
  const into = new BigUint64Array(1);
  expect(readPageTime(page.address, into)).toBe(8);
  const after = rdtsc();
  expect(into[0]).toBeGreaterThanOrEqual(1000n);
  expect(into[0]).toBeLessThanOrEqual(1000n + 2n * (after - before));
});

test("readPageTime() gives nothing where the page has no time, or stays locked", () => {
  using page = pageOfTsc();
  const into = BigUint64Array.of(7n);
  page.view.setUint32(MMAP_PAGE.lock, 3, true);
  expect(readPageTime(page.address, into)).toBe(0);
  page.view.setUint32(MMAP_PAGE.lock, 2, true);
  page.view.setBigUint64(MMAP_PAGE.capabilities, 0n, true);
  expect(readPageTime(page.address, into)).toBe(0);
  expect(into[0]).toBe(7n);
});
