import { expect, test } from "bun:test";
import { close, ftruncate, memfdCreate, NativeBuffer, rawSyscall, SYSCALLS } from "../mod.ts";

test("NativeBuffer keeps its address and its content through 100,000 calls", () => {
  // A small typed array moved when the JIT compiled such a loop, and JS then read a stale copy (bun-ffi.md).
  const PR_GET_PDEATHSIG = 2; // linux/prctl.h; stores an int, 0 here
  using buffer = NativeBuffer.map(16);
  let stale = 0;
  for (let round = 1; round <= 100_000; round++) {
    buffer.i32[1] = round;
    rawSyscall(SYSCALLS.prctl, PR_GET_PDEATHSIG, buffer.address + 4);
    buffer.u64[1] = 0n;
    rawSyscall(SYSCALLS.time, buffer.address + 8);
    if (buffer.i32[1] !== 0 || buffer.i32[2] === 0) stale++;
  }
  expect(stale).toBe(0);
});

test("NativeBuffer has views of one memory, cut to its size", () => {
  using buffer = NativeBuffer.map(21);
  buffer.u64[1] = 0x0102_0304_ffff_ffffn;
  expect(buffer.i32[2]).toBe(-1);
  expect(buffer.u32[3]).toBe(0x0102_0304);
  expect(buffer.view.getUint8(15)).toBe(1);
  expect([buffer.u8.length, buffer.i32.length, buffer.u64.length]).toEqual([21, 5, 2]);
});

test("NativeBuffer.shared() sees the same pages of a file twice", () => {
  const fd = memfdCreate("buffer-test");
  ftruncate(fd, 8192);
  using first = NativeBuffer.shared(fd, 8192);
  using second = NativeBuffer.shared(fd, 4096, 4096);
  close(fd);
  second.u8[5] = 77;
  expect(first.u8[4096 + 5]).toBe(77);
});

test("NativeBuffer is detached when disposed, so that a late access does not crash", () => {
  const buffer = NativeBuffer.map(8);
  buffer[Symbol.dispose]();
  buffer[Symbol.dispose]();
  expect(buffer.u8.length).toBe(0);
  expect(buffer.u64[0]).toBeUndefined();
});

test("NativeBuffer.map() throws RangeError for an impossible size", () => {
  for (const size of [0, -1, 1.5, 2 ** 32]) expect(() => NativeBuffer.map(size)).toThrow(RangeError);
});
