import { expect, test } from "bun:test";
import { openLibrary } from "../mod.ts";

const getpid = { args: [], returns: "i32" } as const;

test("openLibrary() calls functions of a library", () => {
  expect(openLibrary<{ getpid(): number }>("libc.so.6", { getpid }).getpid()).toBe(process.pid);
});

test("openLibrary() throws for a library or a function that is not there", () => {
  expect(() => openLibrary("no-such-library.so", { getpid })).toThrow("no-such-library.so");
  expect(() => openLibrary("libc.so.6", { no_such_function: getpid })).toThrow("no_such_function");
});
