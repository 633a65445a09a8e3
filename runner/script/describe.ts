/** `describe()`: tests that belong together, under a name of their own, with hooks of their own. */
import { registrar } from "./registry.ts";
import { argumentsOf, rowsOfTemplate, titleOf } from "./table.ts";

/** Adds a group. */
export type AddGroup = (name: string, fn: () => void) => void;

/** A group for each row of a table; see `test.each`. */
export interface AddGroups {
  <Row extends readonly unknown[] | readonly [unknown]>(
    rows: readonly Row[],
  ): (name: string, fn: (...values: Row) => void) => void;
  <Row>(rows: readonly Row[]): (name: string, fn: (row: Row) => void) => void;
  (
    strings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): (name: string, fn: (row: Record<string, unknown>) => void) => void;
}

/** `describe` and what hangs on it. */
export interface Describe extends AddGroup {
  /** Groups whose tests are not run. */
  skip: AddGroup;
  /** Groups that are still to be written. */
  todo: (name: string, fn?: () => void) => void;
  /** Groups that keep the other tests from running, and the run from passing. */
  only: AddGroup;
  each: AddGroups;
  skipIf: (condition: unknown) => AddGroup;
  runIf: (condition: unknown) => AddGroup;
}

function add(name: string, fn: () => void, how: { ignore?: boolean | string; only?: boolean } = {}): void {
  if (typeof name !== "string" || name.trim() === "") {
    throw new TypeError(
      `Cannot add a group as its name must be a text that is not blank: current value is ${JSON.stringify(name)}`,
    );
  }
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot add the group '${name}' as 'fn' must be a function: current value is ${typeof fn}`,
    );
  }
  const body = (): void => {
    const returned: unknown = fn();
    if (returned instanceof Promise) {
      throw new TypeError(
        `Cannot add the group '${name}' as 'fn' must not be async: its tests would come too late`,
      );
    }
  };
  registrar().group(name, body, how);
}

const skip: AddGroup = (name, fn) => add(name, fn, { ignore: true });
const plain: AddGroup = (name, fn) => add(name, fn);

const each = (first: readonly unknown[], ...values: readonly unknown[]) => {
  const rows = "raw" in first ? rowsOfTemplate(first as unknown as TemplateStringsArray, values) : first;
  return (name: string, fn: (...values: readonly unknown[]) => void) => {
    rows.forEach((row, index) => {
      add(titleOf(name, row, index), () => fn(...argumentsOf(row)));
    });
  };
};

/**
 * Adds a group of tests.
 *
 * @example describe("a loop", () => { test("replays", async (t) => { … }); });
 */
export const describe: Describe = Object.assign(plain, {
  skip,
  todo: (name: string, fn: () => void = () => {}) => add(name, fn, { ignore: "todo" }),
  only: (name: string, fn: () => void) => add(name, fn, { only: true }),
  each: each as AddGroups,
  skipIf: (condition: unknown) => (condition ? skip : plain),
  runIf: (condition: unknown) => (condition ? plain : skip),
});
