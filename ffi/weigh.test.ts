import { expect, test } from "bun:test";
import { emptyCall, openLibrary, STAMP_ROOM, stamps } from "./mod.ts";

test("stamps go forward, and begin again behind the last place", () => {
  stamps.begin();
  for (let taken = 0; taken < STAMP_ROOM; taken++) stamps.take();
  expect(stamps.values.length).toBe(STAMP_ROOM);
  const whole = (stamps.values[STAMP_ROOM - 1] - stamps.values[0]) >>> 0;
  expect(whole).toBeGreaterThan(0);
  const [first, second] = stamps.values;
  stamps.take();
  expect(stamps.values[0]).not.toBe(first);
  expect(stamps.values[1]).toBe(second);
});

test("emptyCall() does nothing", () => {
  const into = BigUint64Array.of(7n);
  expect(emptyCall(0, -1, into, 8)).toBe(0);
  expect(into[0]).toBe(7n);
});

test("openLibrary() calls a function of a library, and says what is missing", () => {
  const { getpid } = openLibrary<{ getpid(): number }>("libc.so.6", { getpid: { args: [], returns: "i32" } });
  expect(getpid()).toBe(process.pid);
  expect(() => openLibrary("no-such-library.so", { getpid: { args: [], returns: "i32" } })).toThrow(
    "no-such-library.so",
  );
});
