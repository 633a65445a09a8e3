/**
 * The seqlock loop over a page that a test writes. rdpmc itself faults where the kernel has not enabled it, so it
 * gives way to another instruction of two bytes that leaves its result in edx:eax too.
 */

import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NativeBuffer } from "../memory/mod.ts";
import { rdtsc } from "../processor/mod.ts";
import { USER_READ_LISTING } from "../stubs/user-read.ts";
import { Counter } from "./counter.ts";
import { MMAP_PAGE } from "./mmap-page.ts";
import { loadUserRead } from "./user-read.ts";

/** The listing with another instruction in place of rdpmc. */
function withCounter(instruction: string): string {
  assertStringIncludes(USER_READ_LISTING, "  0f 33   ");
  return USER_READ_LISTING.replaceAll(/ {2}0f 33 {2,}rdpmc/g, `  ${instruction}`);
}

/** The hardware counter reads 0 in its low half: with a width of 32 bits it is 0. */
const zeroCounter = loadUserRead(withCounter("31 c0  xor eax, eax"));
/** The hardware counter is the time-stamp counter. */
const tscCounter = loadUserRead(withCounter("0f 31  rdtsc"));

const RDPMC_AND_TIME = (1 << 2) | (1 << 3);

/** A metadata page of an event that is on a counter. */
function page(): NativeBuffer {
  const buffer = NativeBuffer.map(4096);
  const { view } = buffer;
  view.setUint32(MMAP_PAGE.lock, 2, true);
  view.setUint32(MMAP_PAGE.index, 1, true);
  view.setBigInt64(MMAP_PAGE.offset, 1000n, true);
  view.setBigUint64(MMAP_PAGE.time_enabled, 500n, true);
  view.setBigUint64(MMAP_PAGE.time_running, 400n, true);
  view.setUint32(MMAP_PAGE.capabilities, RDPMC_AND_TIME, true);
  view.setUint16(MMAP_PAGE.pmc_width, 32, true);
  return buffer;
}

const BAD_DESCRIPTOR = -1;
const EBADF = -9;

test("user_read() adds the page's offset to the counter", () => {
  using memory = page();
  const words = new BigUint64Array(3);
  assertEquals(zeroCounter.read(memory.address, BAD_DESCRIPTOR, words, 24), 24);
  assertEquals([...words], [1000n, 500n, 400n]);
  assertEquals(zeroCounter.readValue(memory.address, BAD_DESCRIPTOR, words), 8);
  assertEquals(words[0], 1000n);
});

test("user_read() sign-extends the counter by its width", () => {
  using memory = page();
  memory.view.setBigInt64(MMAP_PAGE.offset, 0n, true);
  for (const width of [48, 40, 33]) {
    memory.view.setUint16(MMAP_PAGE.pmc_width, width, true);
    const words = new BigUint64Array(3);
    const before = BigInt.asIntN(width, rdtsc());
    assertEquals(tscCounter.read(memory.address, BAD_DESCRIPTOR, words, 24), 24);
    const value = BigInt.asIntN(64, words[0]!);
    assertEquals(tscCounter.readValue(memory.address, BAD_DESCRIPTOR, words), 8);
    const again = BigInt.asIntN(64, words[0]!);
    const after = BigInt.asIntN(width, rdtsc());
    // A counter may pass from its highest value to its lowest in between.
    if (before <= after) assert(before < value && value < again && again < after, `${width} bits: ${value}`);
    else assert(value > before || value < after);
  }
});

test("user_read() brings the times up to now by the time-stamp counter", () => {
  using memory = page();
  const shift = 10;
  const mult = 3000;
  memory.view.setUint16(MMAP_PAGE.time_shift, shift, true);
  memory.view.setUint32(MMAP_PAGE.time_mult, mult, true);
  memory.view.setBigInt64(MMAP_PAGE.time_offset, -7n, true);
  const nanoseconds = () => ((rdtsc() * BigInt(mult)) >> BigInt(shift)) - 7n;
  const words = new BigUint64Array(3);
  const before = nanoseconds();
  assertEquals(zeroCounter.read(memory.address, BAD_DESCRIPTOR, words, 24), 24);
  const after = nanoseconds();
  const delta = words[1]! - 500n;
  assert(before <= delta && delta <= after, `${before} ≤ ${delta} ≤ ${after}`);
  assertEquals(words[2], 400n + delta);
});

test("user_read() asks the kernel where the page says that user mode can't read", () => {
  const causes: ((view: DataView) => void)[] = [
    (view) => view.setUint32(MMAP_PAGE.index, 0, true),
    (view) => view.setUint32(MMAP_PAGE.capabilities, 0, true),
    // An update that never ends.
    (view) => view.setUint32(MMAP_PAGE.lock, 3, true),
  ];
  using counter = Counter.open("task-clock");
  counter.enable();
  for (const cause of causes) {
    using memory = page();
    cause(memory.view);
    const words = new BigUint64Array(3);
    assertEquals(zeroCounter.read(memory.address, BAD_DESCRIPTOR, words, 24), EBADF);
    assertEquals(zeroCounter.readValue(memory.address, BAD_DESCRIPTOR, words), EBADF);
    assertEquals([...words], [0n, 0n, 0n]);
    assertEquals(zeroCounter.read(memory.address, counter.fd, words, 24), 24);
    const first = words[0]!;
    assert(first > 0n && words[1] === words[2]);
    assertEquals(zeroCounter.readValue(memory.address, counter.fd, words), 8);
    assert(words[0]! > first);
  }
});

test("user_read() asks the kernel for times that the page can't tell, and reads the value all the same", () => {
  for (const capabilities of [1 << 2, (1 << 2) | (1 << 3) | (1 << 5)]) {
    using memory = page();
    memory.view.setUint32(MMAP_PAGE.capabilities, capabilities, true);
    const words = new BigUint64Array(3);
    assertEquals(zeroCounter.read(memory.address, BAD_DESCRIPTOR, words, 24), EBADF);
    assertEquals(zeroCounter.readValue(memory.address, BAD_DESCRIPTOR, words), 8);
    assertEquals(words[0], 1000n);
  }
});

test("user_read() never sees half of an update", async () => {
  using memory = page();
  using done = NativeBuffer.map(8);
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const worker = new Worker(new URL("./fixtures/seqlock-writer.ts", import.meta.url).href);
  worker.onmessage = () => resolve();
  worker.postMessage({ page: memory.address, done: done.address });
  await ready;
  const words = new BigUint64Array(3);
  let torn = 0;
  let last = 0n;
  for (let changes = 0; changes < 2000; ) {
    // −EBADF: the writer held the lock all the while, and the kernel was asked.
    if (zeroCounter.read(memory.address, BAD_DESCRIPTOR, words, 24) !== 24) continue;
    // The writer keeps all three equal.
    if (words[0] !== words[1] || words[1] !== words[2]) torn++;
    if (words[0] !== last) changes++;
    last = words[0]!;
  }
  done.view.setUint32(0, 1, true);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  worker.addEventListener("close", () => end());
  await ended;
  assertEquals(torn, 0);
});
