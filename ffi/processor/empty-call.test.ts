import { expect, test } from "bun:test";
import { emptyCall } from "../mod.ts";

test("emptyCall() does nothing", () => {
  const into = BigUint64Array.of(7n);
  expect(emptyCall(0, -1, into, 8)).toBe(0);
  expect(into[0]).toBe(7n);
});
