import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { isLocked } from "./locked.ts";

test.each([
  ["lock add [rip+0], 1", [0xf0, 0x83, 0x05, 0, 0, 0, 0, 1], true],
  ["lock cmpxchg [rdi], rsi", [0xf0, 0x48, 0x0f, 0xb1, 0x37], true],
  ["lock behind an operand size", [0x66, 0xf0, 0xff, 0x07], true],
  ["xchg [rdi], eax", [0x87, 0x07], true],
  ["xchg [rdi], rax", [0x48, 0x87, 0x07], true],
  ["xchg eax, ecx", [0x87, 0xc1], false],
  ["add eax, 0xf0", [0x83, 0xc0, 0xf0], false],
  ["mov eax, 0xf0", [0xb8, 0xf0, 0, 0, 0], false],
] as const)("isLocked(): %s", (_what, bytes, locked) => {
  assertEquals(isLocked(Uint8Array.from(bytes)), locked);
});
