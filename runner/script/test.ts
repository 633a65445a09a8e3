/** `test()`, in the shape of Deno's: a name and a function, or a record of both, or options between them. */
import type { Hook, HookName, Location, TestDefinition, TestFunction, TestOptions } from "./definition.ts";
import { scriptLocation } from "./location.ts";
import { registrar } from "./registry.ts";

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

/** A test for each row of a table. */
export type AddEach = <Row>(
  rows: readonly Row[],
) => (
  name: string | ((row: Row, index: number) => string),
  fn: EachFunction<Row>,
  options?: TestOptions,
) => void;

/** The body of a test that gets a row. */
export type EachFunction<Row> = (t: Parameters<TestFunction>[0], row: Row) => void | Promise<void>;

/** `test` and what hangs on it. */
export interface Test extends AddTest, Record<HookName, (fn: Hook) => void> {
  /** A test that keeps the others from running, and the run from passing. */
  only: AddTest;
  /** A test that is not run. */
  ignore: AddTest;
  /**
   * A test for each row.
   *
   * @example test.each([1, 2, 3])((n) => `doubles ${n}`, (t, n) => { … })
   * A name as a text may have `%s`, which becomes the row as JSON, and `%#`, which becomes its index.
   */
  each: AddEach;
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

const each: AddEach = (rows) => (name, fn, options) => {
  rows.forEach((row, index) => {
    const title =
      typeof name === "function"
        ? name(row, index)
        : name.replaceAll("%#", String(index)).replaceAll("%s", () => JSON.stringify(row) ?? String(row));
    add(define([title, { ...options }, (t: Parameters<TestFunction>[0]) => fn(t, row)]), {});
  });
};

/** Adds a test to the script. See {@link Test}. */
export const test: Test = Object.assign(adder({}), {
  only: adder({ only: true }),
  ignore: adder({ ignore: true }),
  each,
  beforeAll: hook("beforeAll"),
  beforeEach: hook("beforeEach"),
  afterEach: hook("afterEach"),
  afterAll: hook("afterAll"),
});
