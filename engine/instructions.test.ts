import { expect, test } from "bun:test";
import { emulate } from "./instructions.ts";
import { REGISTER_COUNT, REGISTER_NAMES } from "./trace/events.ts";

const at = (name: (typeof REGISTER_NAMES)[number]): number => REGISTER_NAMES.indexOf(name);

function run(
  name: string,
  bytes: number[],
  prepare: (registers: BigUint64Array) => void = () => {},
): BigUint64Array {
  const before = new BigUint64Array(REGISTER_COUNT).fill(0xffffffffffffffffn);
  before[at("rip")] = 0x1000n;
  prepare(before);
  const after = emulate(name, { bytes: new Uint8Array(bytes), length: bytes.length }, before);
  if (!after) throw new Error(`${name} is not emulated`);
  return after;
}

test("rdtsc fills eax and edx, clears their upper halves, and goes on behind itself", () => {
  const after = run("rdtsc", [0x0f, 0x31]);
  expect(after[at("rax")]! >> 32n).toBe(0n);
  expect(after[at("rdx")]! >> 32n).toBe(0n);
  expect(after[at("rip")]).toBe(0x1002n);
  expect(after[at("rcx")]).toBe(0xffffffffffffffffn);
});

test("cpuid hides transactions, shadow stacks and protection keys", () => {
  const after = run("cpuid", [0x0f, 0xa2], (registers) => {
    registers[at("rax")] = 7n;
    registers[at("rcx")] = 0n;
  });
  expect(Number(after[at("rbx")]!) & ((1 << 4) | (1 << 11))).toBe(0);
  expect(Number(after[at("rcx")]!) & ((1 << 3) | (1 << 5) | (1 << 7))).toBe(0);
});

test("rdrand writes the register and the width that the instruction names", () => {
  const wide = run("rdrand", [0x49, 0x0f, 0xc7, 0xf4]); // rdrand r12
  expect(wide[at("rax")]).toBe(0xffffffffffffffffn);
  const narrow = run("rdrand", [0x66, 0x0f, 0xc7, 0xf3]); // rdrand bx
  expect(narrow[at("rbx")]! >> 16n).toBe(0xffffffffffffn);
  const middle = run("rdrand", [0x0f, 0xc7, 0xf1]); // rdrand ecx
  expect(middle[at("rcx")]! >> 32n).toBe(0n);
  expect(middle[at("eflags")]! & 0x8d4n).toBe(0n);
});

test("what can't be emulated is said to be so", () => {
  const before = new BigUint64Array(REGISTER_COUNT);
  expect(emulate("sgdt", { bytes: new Uint8Array([0x0f, 0x01, 0x00]), length: 3 }, before)).toBeUndefined();
});
