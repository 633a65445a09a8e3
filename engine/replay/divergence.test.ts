import { expect, test } from "bun:test";
import { REGISTER_COUNT, REGISTER_NAMES } from "../arch/x86_64/registers.ts";
import type { SyscallEvent } from "../trace/events.ts";
import { compare, Divergence } from "./divergence.ts";

const registers = (values: Partial<Record<(typeof REGISTER_NAMES)[number], bigint>> = {}): BigUint64Array => {
  const all = new BigUint64Array(REGISTER_COUNT);
  for (const [name, value] of Object.entries(values)) {
    all[REGISTER_NAMES.indexOf(name as (typeof REGISTER_NAMES)[number])] = value;
  }
  return all;
};

const event = (more: Partial<SyscallEvent> = {}): SyscallEvent => ({
  kind: "syscall",
  task: 7,
  ticks: 4180530,
  registers: registers({ rip: 0x401000n }),
  number: 1,
  result: 0n,
  writes: [],
  stream: 0,
  outputHash: 0n,
  ...more,
});

test("compare() is silent where ticks and registers agree", () => {
  expect(() => compare(event(), 12, 4180530, registers({ rip: 0x401000n }))).not.toThrow();
});

test("compare() reports ticks first, in one line with event, call and pc", () => {
  const difference = () => compare(event(), 12, 4240512, registers({ rip: 0x402000n, rax: 5n }));
  expect(difference).toThrow(Divergence);
  expect(difference).toThrow(
    "ticks mismatch at event 12 (write): expected 4180530, got 4240512 (task 7, pc 0x402000)",
  );
});

test("compare() names every register that differs", () => {
  const difference = () => compare(event(), 12, 4180530, registers({ rip: 0x401000n, rax: 5n, r15: 1n }));
  expect(difference).toThrow(
    "registers mismatch at event 12 (write): rax expected 0x0, got 0x5; r15 expected 0x0, got 0x1",
  );
});

test("compare() looks at the flags that programs compute with, but AF", () => {
  const with_ = (eflags: bigint) => () =>
    compare(event(), 12, 4180530, registers({ rip: 0x401000n, eflags }));
  expect(with_(0x10n)).not.toThrow();
  expect(with_(0x10200n)).not.toThrow();
  expect(with_(0x40n)).toThrow("eflags expected 0x0, got 0x40");
});
