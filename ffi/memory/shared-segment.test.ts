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
