import { test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import {
  MMAP_PAGE,
  PERF_RECORD,
  type PerfMapping,
  RecordRing,
  RingError,
  type SampleLayout,
} from "../mod.ts";

const PAGE = 4096;
const LAYOUT: SampleLayout = { sampleType: 0, readFormat: 0, sampleIdAll: false };

/** A mapping with one page of ring, and the kernel's side of it. */
function ring(start = 0n) {
  const buffer = new ArrayBuffer(2 * PAGE);
  const view = new DataView(buffer);
  const mapping: PerfMapping = {
    bytes: new Uint8Array(buffer),
    view,
    address: 0,
    [Symbol.dispose]: () => {},
  };
  view.setBigUint64(MMAP_PAGE.data_offset, BigInt(PAGE), true);
  view.setBigUint64(MMAP_PAGE.data_size, BigInt(PAGE), true);
  view.setBigUint64(MMAP_PAGE.data_head, start, true);
  view.setBigUint64(MMAP_PAGE.data_tail, start, true);
  let head = start;
  return {
    view,
    mapping,
    tail: () => view.getBigUint64(MMAP_PAGE.data_tail, true),
    /** Writes a LOST record byte by byte, as the ring wraps. */
    write(lost: bigint, length = 24) {
      const record = new DataView(new ArrayBuffer(length));
      record.setUint32(0, PERF_RECORD.LOST, true);
      record.setUint16(6, length, true);
      record.setBigUint64(16, lost, true);
      for (let at = 0; at < length; at++) {
        view.setUint8(PAGE + Number((head + BigInt(at)) % BigInt(PAGE)), record.getUint8(at));
      }
      head += BigInt(length);
      view.setBigUint64(MMAP_PAGE.data_head, head, true);
    },
  };
}

function losses(reader: RecordRing): bigint[] {
  return reader.drain().map((record) => (record.kind === "lost" ? record.lost : -1n));
}

test("RecordRing.drain() takes the records that are there, and gives back their room", () => {
  const kernel = ring();
  const reader = new RecordRing(kernel.mapping, LAYOUT);
  assertEquals(losses(reader), []);
  kernel.write(1n);
  kernel.write(2n);
  assertEquals(losses(reader), [1n, 2n]);
  assertEquals(kernel.tail(), 48n);
  assertEquals(losses(reader), []);
});

test("RecordRing.drain() follows the ring around its end, for every place of the cut", () => {
  for (let place = 0; place < 24; place++) {
    const kernel = ring(BigInt(5 * PAGE - place));
    const reader = new RecordRing(kernel.mapping, LAYOUT);
    for (let lost = 0n; lost < 3n; lost++) kernel.write(lost);
    assertEquals(losses(reader), [0n, 1n, 2n]);
  }
});

test("RecordRing.drain() counts on beyond 2^32 bytes, and takes a full ring", () => {
  const kernel = ring(2n ** 32n - 8n);
  const reader = new RecordRing(kernel.mapping, LAYOUT);
  for (let lost = 0; lost < 128; lost++) kernel.write(BigInt(lost), 32);
  assertEquals(losses(reader).length, 128);
  assertEquals(kernel.tail(), 2n ** 32n - 8n + BigInt(PAGE));
});

test("RecordRing refuses a ring whose content makes no sense", () => {
  const short = ring();
  short.write(1n);
  short.view.setUint16(PAGE + 6, 4, true);
  assertThrows(() => new RecordRing(short.mapping, LAYOUT).drain(), RingError, "current value is 4");
  const long = ring();
  long.write(1n);
  long.view.setUint16(PAGE + 6, 4000, true);
  assertThrows(() => new RecordRing(long.mapping, LAYOUT).drain(), RingError, "current value is 4000");
  const head = ring();
  head.view.setBigUint64(MMAP_PAGE.data_head, BigInt(PAGE + 1), true);
  assertThrows(() => new RecordRing(head.mapping, LAYOUT).drain(), RingError, "4097 bytes");
  const size = ring();
  size.view.setBigUint64(MMAP_PAGE.data_size, 3000n, true);
  assertThrows(() => new RecordRing(size.mapping, LAYOUT), RingError, "current value is 3000");
});
