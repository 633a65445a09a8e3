import { expect, test } from "bun:test";
import { emulate, writtenBy } from "./instructions.ts";
import { REGISTER_COUNT, REGISTER_NAMES } from "./registers.ts";

const at = (name: (typeof REGISTER_NAMES)[number]): number => REGISTER_NAMES.indexOf(name);

function run(
  name: string,
  bytes: number[],
  prepare: (registers: BigUint64Array) => void = () => {},
): BigUint64Array {
  const before = new BigUint64Array(REGISTER_COUNT).fill(0xffffffffffffffffn);
  before[at("rip")] = 0x1000n;
  prepare(before);
  const after = emulate(name, new Uint8Array(bytes), before);
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

test("what the processor has to execute itself is said to be so", () => {
  const before = new BigUint64Array(REGISTER_COUNT);
  for (const name of ["sgdt", "lsl", "rdrand", "iretq", "unknown"])
    expect(emulate(name, new Uint8Array([0x0f, 0x01, 0x00]), before)).toBeUndefined();
});

test("xbegin aborts at once where there are transactions, and is no instruction elsewhere", () => {
  const before = new BigUint64Array(REGISTER_COUNT).fill(5n);
  before[at("rip")] = 0x1000n;
  const bytes = new Uint8Array([0xc7, 0xf8, 0xf0, 0xff, 0xff, 0xff]);
  const has = (bits: number) => (leaf: number) => [0, leaf === 7 ? bits : 0, 0, 0] as const;
  const after = emulate("xbegin", bytes, before, has(1 << 11));
  expect(after?.[at("rip")]).toBe(0xff6n);
  expect(after?.[at("rax")]).toBe(0n);
  expect(after?.[at("rcx")]).toBe(5n);
});

test("writtenBy() knows what of memory an instruction has written", () => {
  const before = new BigUint64Array(REGISTER_COUNT).fill(0x8000n);
  const after = before.slice();
  expect(writtenBy("sgdt", new Uint8Array([0x0f, 0x01, 0x00]), before, after)).toEqual({
    address: 0x8000n,
    length: 10,
  });
  expect(writtenBy("smsw", new Uint8Array([0x0f, 0x01, 0xe0]), before, after)).toBeUndefined();
  expect(writtenBy("lsl", new Uint8Array([0x0f, 0x03, 0x00]), before, after)).toBeUndefined();
  after[at("rsp")] = 0x7ff0n;
  expect(writtenBy("call", new Uint8Array([0xff, 0x18]), before, after)).toEqual({
    address: 0x7ff0n,
    length: 16,
  });
});
