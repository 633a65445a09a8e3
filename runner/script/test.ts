/** `test()`, in the shape of Deno's: a name and a function, or a record of both, or options between them. */

import type { Location } from "../results/mod.ts";
import type { TestContext } from "./context.ts";
import type { Hook, HookName, TestDefinition, TestFunction, TestOptions } from "./definition.ts";
import { scriptLocation } from "./location.ts";
import { registrar } from "./registry.ts";
import { argumentsOf, rowsOfTemplate, titleOf } from "./table.ts";

/** A test as one record. */
export interface TestRecord extends TestOptions {
  name: string;
  fn: TestFunction;
}

/** The ways to write a test down. */
export interface AddTest {
  /** @example test("adds", async (t) => { … }) */
  (name: string, fn: TestFunction): void;
  /** @example test("adds", { timeout: 5 }, async (t) => { … }) */
  (name: string, options: TestOptions, fn: TestFunction): void;
  /** @example test({ name: "adds", tags: ["quick"], fn: async (t) => { … } }) */
  (test: TestRecord): void;
}

/** What comes back of a test's body. */
type Ended = void | Promise<void>;
type Title<Row> = string | ((row: Row, index: number) => string);

/** The tests of a table whose rows are lists: their values are arguments. */
export interface EachList<Row extends readonly unknown[]> {
  (name: Title<Row>, fn: (...values: Row) => Ended, options?: TestOptions): void;
  (name: Title<Row>, fn: (t: TestContext, ...values: Row) => Ended, options?: TestOptions): void;
}

/** The tests of a table whose rows are single values. */
export interface EachRow<Row> {
  (name: Title<Row>, fn: (row: Row) => Ended, options?: TestOptions): void;
  (name: Title<Row>, fn: (t: TestContext, row: Row) => Ended, options?: TestOptions): void;
}

/** A test for each row of a table. */
export interface AddEach {
  <Row extends readonly unknown[] | readonly [unknown]>(rows: readonly Row[]): EachList<Row>;
  <Row>(rows: readonly Row[]): EachRow<Row>;
  // biome-ignore lint/suspicious/noExplicitAny: a template literal has no types for its columns
  (strings: TemplateStringsArray, ...values: readonly unknown[]): EachRow<Record<string, any>>;
}

/** A test for each row of a table; lists are not spread, and `t` comes last. */
export type AddFor = <Row>(
  rows: readonly Row[],
) => (name: Title<Row>, fn: (row: Row, t: TestContext) => Ended, options?: TestOptions) => void;

/** `test` and what hangs on it. */
export interface Test extends AddTest, Record<HookName, (fn: Hook) => void> {
  /** A test that keeps the others from running, and the run from passing. */
  only: AddTest;
  /** A test that is not run. */
  ignore: AddTest;
  skip: AddTest;
  /** A test that is still to be written. */
  todo: (name: string, fn?: TestFunction) => void;
  /** A test that is not run where the condition holds, or does not. */
  skipIf: (condition: unknown) => AddTest;
  runIf: (condition: unknown) => AddTest;
  /**
   * A test for each row.
   *
   * @example test.each([1, 2, 3])("doubles %i", (n) => { … })
   * @example test.each([[1, 1, 2], [1, 2, 3]])("%i + %i is %i", (a, b, sum) => { … })
   * @example test.each`a | sum\n${1} | ${2}`("$a and $a is $sum", ({ a, sum }) => { … })
   * The values of a row are the arguments. A function with one parameter more than that gets `t` first; `test.for` hands
   * it on behind the row, with its type:
   * @example test.for(["loop.c"])("%s replays", async (program, t) => { … })
   * Titles may have `%s %d %i %f %j %o` for the next value, `%#` for the row's index, `%$` for its number, and `$name`
   * for a field of a row that is an object; or are functions of the row.
   */
  each: AddEach;
  /** The same with lists as they are, and `t` behind: `test.for([[1, 2]])("%i", ([a, b], t) => { … })` */
  for: AddFor;
}

function define(args: Parameters<AddTest> | readonly unknown[]): TestRecord {
  const [first, second, third] = args as [string | TestRecord, TestFunction | TestOptions, TestFunction?];
  const record =
    typeof first === "object"
      ? { ...first }
      : typeof second === "function"
        ? { name: first, fn: second }
        : { ...second, name: first, fn: third };
  if (typeof record.name !== "string" || record.name.trim() === "") {
    throw new TypeError(
      `Cannot add a test as 'name' must be a text that is not blank: current value is ${JSON.stringify(record.name)}`,
    );
  }
  const { fn } = record;
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot add the test '${record.name}' as 'fn' must be a function: current value is ${typeof fn}`,
    );
  }
  check(record.name, "timeout", record.timeout, (value) => value > 0, "a number above 0");
  check(record.name, "retry", record.retry, isCount(0), "a whole number of at least 0");
  check(record.name, "repeats", record.repeats, isCount(1), "a whole number of at least 1");
  return { ...record, fn };
}

const isCount =
  (least: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= least;

function check(
  test: string,
  option: keyof TestOptions,
  value: number | undefined,
  holds: (value: number) => boolean,
  rule: string,
): void {
  if (value === undefined || (typeof value === "number" && holds(value))) return;
  throw new RangeError(
    `Cannot add the test '${test}' as '${option}' must be ${rule}: current value is ${value}`,
  );
}

/** Where the script calls us from. */
function here(): Location {
  return scriptLocation(new Error().stack ?? "") ?? { file: "unknown", line: 0 };
}

function add(record: TestRecord, extra: Partial<TestOptions>): void {
  const definition: TestDefinition = { ...record, ...extra, location: here() };
  registrar().test(definition);
}

const adder =
  (extra: Partial<TestOptions>): AddTest =>
  (...args: readonly unknown[]) =>
    add(define(args), extra);

const hook = (name: HookName) => (fn: Hook) => registrar().hook(name, fn);

/** A table's rows, however it is written. */
function rowsOf(first: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  return "raw" in first ? rowsOfTemplate(first as unknown as TemplateStringsArray, values) : first;
}

/** Adds a test for each row; `call` hands the row to the test's function. */
function addRows<Fn extends (...args: readonly never[]) => Ended>(
  rows: readonly unknown[],
  call: (fn: Fn, t: TestContext, row: unknown) => Ended,
) {
  return (name: Title<unknown>, fn: Fn, options: TestOptions = {}): void => {
    if (typeof fn !== "function") {
      throw new TypeError(
        `Cannot add the tests '${String(name)}' as 'fn' must be a function: current value is ${typeof fn}`,
      );
    }
    rows.forEach((row, index) => {
      const title = typeof name === "function" ? name(row, index) : titleOf(name, row, index);
      add(define([title, { ...options }, (t: TestContext) => call(fn, t, row)]), {});
    });
  };
}

const each = (first: readonly unknown[], ...values: readonly unknown[]) =>
  addRows(rowsOf(first, values), (fn: (...args: readonly unknown[]) => Ended, t, row) => {
    const args = argumentsOf(row);
    return fn.length === args.length + 1 ? fn(t, ...args) : fn(...args);
  });

const forEachRow = (rows: readonly unknown[]) =>
  addRows(rows, (fn: (row: unknown, t: TestContext) => Ended, t, row) => fn(row, t));

const skip = adder({ ignore: true });
const plain = adder({});

/** Adds a test to the script. See {@link Test}. */
export const test: Test = Object.assign(adder({}), {
  only: adder({ only: true }),
  ignore: skip,
  skip,
  todo: (name: string, fn: TestFunction = () => {}) => add(define([name, fn]), { ignore: "todo" }),
  skipIf: (condition: unknown) => (condition ? skip : plain),
  runIf: (condition: unknown) => (condition ? plain : skip),
  each: each as AddEach,
  for: forEachRow as AddFor,
  beforeAll: hook("beforeAll"),
  beforeEach: hook("beforeEach"),
  afterEach: hook("afterEach"),
  afterAll: hook("afterAll"),
});

/** The same by its other name. */
export const it: Test = test;

/** Hooks by themselves, for all tests of the script or of the group that they stand in. */
export const { beforeAll, beforeEach, afterEach, afterAll } = test;
