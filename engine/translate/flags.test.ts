import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { decodeAll, Text } from "./_fixtures.ts";
import { deadFlagsIndex } from "./flags.ts";

const PC = 0x401000;

/** Where a tick may be counted in a basic block of so many instructions. */
function indexOf(count: number, ...bytes: number[]): number {
  return deadFlagsIndex(decodeAll(new Text().put(PC, bytes), PC, count));
}

const CMP = [0x48, 0x39, 0xd8];
const JNE = [0x75, 0x10];
const MOV = [0x89, 0xc1];

test("deadFlagsIndex() finds the place before the last instruction that overwrites all flags", () => {
  assertEquals(indexOf(2, ...CMP, ...JNE), 0);
  assertEquals(indexOf(4, ...MOV, ...CMP, ...MOV, ...JNE), 1);
  assertEquals(indexOf(3, ...CMP, ...CMP, ...JNE), 1);
});

test("deadFlagsIndex() finds no place where flags come from before the basic block", () => {
  assertEquals(indexOf(1, ...JNE), -1);
  assertEquals(indexOf(2, ...MOV, ...JNE), -1);
});

test("deadFlagsIndex() allows for a live carry, which dec keeps", () => {
  assertEquals(indexOf(2, 0xff, 0xc0, 0x72, 0x10), 0, "inc eax; jc");
  assertEquals(indexOf(2, 0x11, 0xd8, 0x72, 0x10), 0, "adc eax, ebx; jc");
});

test("deadFlagsIndex() takes no shift for a writer: a count of zero leaves the flags", () => {
  assertEquals(indexOf(2, 0xd3, 0xe0, ...JNE), -1, "shl eax, cl; jne");
  assertEquals(indexOf(2, 0xc1, 0xe0, 0x20, ...JNE), -1, "shl eax, 32; jne");
  assertEquals(indexOf(2, 0xf3, 0xa6, ...JNE), -1, "repe cmpsb; jne");
});

test("deadFlagsIndex() takes no instruction for a writer that leaves some flags", () => {
  assertEquals(indexOf(2, 0x0f, 0xa3, 0xd8, ...JNE), -1, "bt eax, ebx; jne");
  assertEquals(indexOf(2, 0x9e, ...JNE), -1, "sahf; jne: OF stays");
  assertEquals(indexOf(2, 0x0f, 0xc7, 0x0f, ...JNE), -1, "cmpxchg8b; jne");
});

test("deadFlagsIndex() counts and, or, xor and test among the writers of all flags", () => {
  assertEquals(indexOf(2, 0x85, 0xc0, ...JNE), 0, "test eax, eax; jne");
  assertEquals(indexOf(2, 0x31, 0xc0, ...JNE), 0, "xor eax, eax; jne");
});

test("deadFlagsIndex() takes what may fault for a reader of all flags: a handler sees them", () => {
  assertEquals(indexOf(2, 0x48, 0x39, 0x07, ...JNE), -1, "cmp [rdi], rax; jne");
  assertEquals(indexOf(3, ...CMP, 0x48, 0x39, 0x07, ...JNE), 0, "cmp rax, rbx; cmp [rdi], rax; jne");
  assertEquals(indexOf(2, 0x66, 0x0f, 0x2e, 0xc1, ...JNE), -1, "ucomisd xmm0, xmm1; jne");
  assertEquals(indexOf(3, 0x8d, 0x07, ...CMP, ...JNE), 1, "lea eax, [rdi]; cmp rax, rbx; jne");
});
