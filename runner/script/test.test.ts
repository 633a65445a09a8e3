import { afterEach, beforeEach, test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Collector, type Registrar, setRegistrar } from "./registry.ts";
import { test as add } from "./test.ts";

let script: Collector;
let before: Registrar | undefined;
beforeEach(() => {
  script = new Collector();
  before = setRegistrar(script);
});
afterEach(() => {
  setRegistrar(before);
});

const nothing = (): void => {};

test("test() takes a name and a function, options between them, or a record", () => {
  add("one", nothing);
  add("two", { timeout: 5 }, nothing);
  add({ name: "three", fn: nothing, tags: ["a"] });
  add.only("four", nothing);
  add.ignore({ name: "five", fn: nothing });
  assertEquals(
    script.tests.map(({ name, timeout, tags, only, ignore }) => [name, timeout, tags, only, ignore]),
    [
      ["one", undefined, undefined, undefined, undefined],
      ["two", 5, undefined, undefined, undefined],
      ["three", undefined, ["a"], undefined, undefined],
      ["four", undefined, undefined, true, undefined],
      ["five", undefined, undefined, undefined, true],
    ],
  );
});

test("test.each() adds a test for each row, named after it", () => {
  add.each([{ a: 1 }, { a: 2 }])("row %#: %s", nothing);
  add.each(["x"])((row, index) => `${row}${index}`, nothing, { retry: 2 });
  assertEquals(
    script.tests.map(({ name, retry }) => [name, retry]),
    [
      ['row 0: {"a":1}', undefined],
      ['row 1: {"a":2}', undefined],
      ["x0", 2],
    ],
  );
});

test("test() refuses what makes no test, and says what is wrong", () => {
  assertThrows(() => add(" ", nothing), TypeError, "'name' must be a text that is not blank");
  assertThrows(
    () => add("x", { retry: -1 }, nothing),
    RangeError,
    "'retry' must be a whole number of at least 0",
  );
  assertThrows(() => add("x", { timeout: Number.NaN }, nothing), RangeError, "current value is NaN");
  add("x", nothing);
  const { message } = assertThrows(() => add("x", nothing), TypeError);
  assertStringIncludes(message, "give them different names");
});

test("test() says how a script is run, where nobody runs it", () => {
  setRegistrar(undefined);
  assertThrows(() => add("x", nothing), TypeError, "tickproof suites FILE");
});
