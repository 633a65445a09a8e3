import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { NativeBuffer } from "./buffer.ts";
import { SharedSegment } from "./shared-segment.ts";

test("SharedSegment can be attached by its number, and both see the same bytes", () => {
  using segment = new SharedSegment(8192);
  using other = NativeBuffer.attached(segment.id, 8192);
  segment.buffer.u8[5000] = 7;
  assertEquals(other.u8[5000], 7);
  other.u8[1] = 9;
  assertEquals(segment.buffer.u8[1], 9);
});

test("SharedSegment.giveTo() takes any user", () => {
  using segment = new SharedSegment(4096);
  segment.giveTo(process.getuid?.() ?? 0);
  using other = NativeBuffer.attached(segment.id, 4096);
  assertEquals(other.size, 4096);
});

test("SharedSegment.showTo() leaves it this user's", () => {
  using segment = new SharedSegment(4096);
  segment.showTo(process.getegid?.() ?? 0);
  assertEquals(segment.isGiven, false);
  using other = NativeBuffer.attached(segment.id, 4096);
  assertEquals(other.size, 4096);
});

test("SharedSegment.isOwn() knows living ones, by their ids and by their indices", () => {
  const segment = new SharedSegment(4096);
  const { id } = segment;
  assertEquals([SharedSegment.isOwn(id), SharedSegment.isOwn(id & 0x7fff, true)], [true, true]);
  segment[Symbol.dispose]();
  assertEquals(SharedSegment.isOwn(id), false);
});
