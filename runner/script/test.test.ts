import { afterEach, beforeEach, test } from "bun:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Hook, TestFunction } from "./definition.ts";
import { describe } from "./describe.ts";
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

/** Runs the tests so far; what their functions were called with. */
async function called(): Promise<unknown[]> {
  for (const { fn } of script.tests) await fn(CONTEXT);
  return calls;
}
const CONTEXT = { name: "t" } as unknown as Parameters<TestFunction>[0];
let calls: unknown[] = [];
beforeEach(() => {
  calls = [];
});

test("test.each() hands values on as Vitest does, and t to a function with one parameter more", async () => {
  add.each([
    [1, "b"],
    [2, "d"],
  ])("%i and %s", (a, b) => void calls.push([a, b]));
  add.each([7])("single %d", (n) => void calls.push(n));
  add.each([{ a: { b: 5 } }])("field $a.b, number %$, %%", (row) => void calls.push(row));
  add.each([[1, 2]])(
    "with t %#",
    (t: unknown, a: number, b: number) => void calls.push([t === CONTEXT, a, b]),
  );
  add.each([8])("with t %s", (t: unknown, n: number) => void calls.push([t === CONTEXT, n]));
  add.each`a | b
    ${1} | ${"x"}
    ${2} | ${"y"}`("template $a$b", ({ a, b }) => void calls.push([a, b]));
  add.for([[1, 2]])("for %i", (row, t) => void calls.push([row, t === CONTEXT]));
  assertEquals(
    script.tests.map(({ name }) => name),
    [
      ...["1 and b", "2 and d", "single 7", "field 5, number 1, %", "with t 0", "with t 8"],
      ...["template 1x", "template 2y", "for 1"],
    ],
  );
  const row = { a: { b: 5 } };
  const expected = [[1, "b"], [2, "d"], 7, row, [true, 1, 2], [true, 8], [1, "x"], [2, "y"], [[1, 2], true]];
  assertEquals(await called(), expected);
});

test("test.each() refuses a template whose rows are not whole", () => {
  assertThrows(
    () => add.each`a | b\n${1} | ${2}\n${3}`("x", nothing),
    TypeError,
    "each row must have 2 values (a, b)",
  );
});

test("test.skip, todo, skipIf and runIf say what is not run, and why", () => {
  add.skip("a", nothing);
  add.todo("b");
  add.skipIf(true)("c", nothing);
  add.skipIf(false)("d", nothing);
  add.runIf(false)("e", { tags: ["x"] }, nothing);
  assertEquals(
    script.tests.map(({ ignore }) => ignore),
    [true, "todo", true, undefined, true],
  );
});

test("describe() names its tests, and gives them its hooks, its skip and its only", () => {
  const around: Hook = () => {};
  describe("outer", () => {
    add.beforeEach(around);
    add("one", nothing);
    describe.skip("inner", () => add("two", nothing));
  });
  describe.only("alone", () => add("three", nothing));
  describe.todo("later", () => add("four", nothing));
  describe.each([1, 2])("row %i", (n) => add(`is ${n}`, nothing));
  assertEquals(
    script.tests.map(({ name, ignore, only, groups = [] }) => [
      name,
      ignore,
      only,
      groups[0]?.hooks.beforeEach.length,
    ]),
    [
      ["outer > one", undefined, undefined, 1],
      ["outer > inner > two", true, undefined, 1],
      ["alone > three", undefined, true, 0],
      ["later > four", "todo", undefined, 0],
      ["row 1 > is 1", undefined, undefined, 0],
      ["row 2 > is 2", undefined, undefined, 0],
    ],
  );
  assertEquals(script.hooks.beforeEach, []);
  assertThrows(() => describe("x", async () => {}), TypeError, "'fn' must not be async");
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
