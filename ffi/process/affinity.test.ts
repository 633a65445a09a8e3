import { expect, test } from "bun:test";
import { currentCpu, getAffinity, setAffinity } from "../mod.ts";

test("setAffinity() binds the calling thread, and gives its processors back", () => {
  const all = getAffinity(0);
  const cpu = currentCpu();
  setAffinity(0, 1n << BigInt(cpu));
  expect(getAffinity(0)).toBe(1n << BigInt(cpu));
  expect(currentCpu()).toBe(cpu);
  setAffinity(0, all);
  expect(getAffinity(0)).toBe(all);
});

test("setAffinity() throws EINVAL for no processor", () => {
  expect(() => setAffinity(0, 0n)).toThrow("EINVAL");
});
