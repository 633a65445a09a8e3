import { expect, test } from "bun:test";
import { compareColumns } from "../../ffi/stubs/_disassembly.ts";
import { CALL_STUB, CONTEXT, CONTEXT_SIZE } from "../translate/context.ts";
import { CALL_DATA, CALL_ENTRY, CALL_LISTING, callStubResumption, isInCallStub } from "./call-stub.ts";

const BASE = 0x10000;

test("the assembly of the stub is what its bytes mean", () => {
  const start = CONTEXT_SIZE + CALL_STUB.start;
  const around = new Map(Object.entries(CALL_DATA).map(([name, at]) => [at - start, name]));
  let lines = 0;
  compareColumns(
    CALL_LISTING,
    (meaning, text) => {
      expect(meaning).toBe(text);
      lines++;
    },
    around,
  );
  expect(lines).toBeGreaterThan(150);
});

test("what the stub works with lies apart from all else in the context", () => {
  const places = [...Object.entries(CONTEXT), ...Object.entries(CALL_DATA)].filter(
    ([name]) => !["asked", "calls", "counters", "scratch", "stackTop"].includes(name),
  );
  const starts = places.map(([, at]) => at);
  expect(new Set(starts).size).toBe(starts.length);
  expect(Math.max(...["ticksBase" as const].map((name) => CALL_DATA[name]))).toBeLessThan(CONTEXT.retired);
});

test("isInCallStub() knows the stub alone, wherever the fixed parts are", () => {
  for (const base of [BASE, 0x7b400000]) {
    for (const entry of Object.values(CALL_ENTRY)) expect(isInCallStub(base, base + entry)).toBe(true);
    expect(isInCallStub(base, base + CONTEXT_SIZE)).toBe(false);
    expect(isInCallStub(base, base + CONTEXT_SIZE + CALL_STUB.end)).toBe(false);
  }
  expect(isInCallStub(0x7b400000, BASE + CALL_ENTRY.record)).toBe(false);
});

test("callStubResumption() begins the sum of the counters anew, and nothing else", () => {
  const places = Array.from({ length: CALL_STUB.end }, (_, i) => BASE + CONTEXT_SIZE + i);
  const moved = places.filter((at) => callStubResumption(BASE, at) !== at);
  const [first = 0] = moved;
  expect(new Set(moved.map((at) => callStubResumption(BASE, at)))).toEqual(new Set([first - 1]));
  // Eight instructions of 31 bytes in all, of which the first needs no other place.
  expect(moved.length).toBe(30);
});
