/** From tests as they were written to tests that are complete: defaults filled in, a test for each combination. */
import type { Condition } from "./conditions.ts";
import type { Expectations } from "./expectations.ts";
import { expandMatrix } from "./matrix.ts";
import type { GivenManifest, GivenTest } from "./schema.ts";

/** What holds where neither the test nor `defaults` say anything. */
const builtIn = () => ({
  args: [] as string[],
  environment: {} as Record<string, string>,
  alone: false as boolean,
  weight: 1 as number,
  exclusive: [] as string[],
  tags: [] as string[],
  requires: [] as Condition[],
  unsupported: [] as Condition[],
  flag: [] as Condition[],
  xfail: [] as Condition[],
  expect: {} as Expectations,
});

type Filled = keyof ReturnType<typeof builtIn>;

/** A complete test. */
export type TestEntry = Omit<GivenTest, Filled | "matrix"> & {
  [Key in Filled]: NonNullable<GivenTest[Key]>;
} & Placed;

/** Where a test stands in its manifest. */
interface Placed {
  /** From 1. */
  line: number;
}

/** A checked manifest with complete tests. */
export interface Manifest extends Omit<GivenManifest, "tests" | "defaults"> {
  tests: TestEntry[];
}

/** Keys of which a test has only one: what it names itself takes the place of what the defaults name. */
const ALTERNATIVES: readonly (readonly string[])[] = [["program", "build", "command"]];
const ENDS: readonly (readonly string[])[] = [["exit", "signal"]];

/** One object over another one, key by key. */
function over<T extends object>(defaults: T, own: T, alternatives: readonly (readonly string[])[] = []): T {
  const replaced = alternatives.filter((keys) => keys.some((key) => key in own)).flat();
  const left = Object.fromEntries(Object.entries(defaults).filter(([key]) => !replaced.includes(key)));
  return { ...left, ...own } as T;
}

/** A test with what the manifest's `defaults` say: environment and expectations key by key, tags added. */
export function withDefaults(own: GivenTest, { defaults = {} }: GivenManifest): GivenTest {
  const { environment = {}, tags = [], expect = {} } = defaults;
  return {
    ...over<Omit<GivenTest, "name">>(defaults, own, ALTERNATIVES),
    name: own.name,
    environment: { ...environment, ...own.environment },
    tags: [...tags, ...(own.tags ?? [])],
    expect: over(expect, own.expect ?? {}, ENDS),
  };
}

/** Keys that are there have values: a schema leaves those out that the file does not have. */
type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** The tests that an entry stands for; its matrix must be one that can be expanded. */
function testsOf({ matrix, ...entry }: GivenTest, line: number): TestEntry[] {
  const test: TestEntry = { ...builtIn(), ...(entry as Present<typeof entry>), line };
  if (matrix === undefined) return [test];
  const expansion = expandMatrix(matrix);
  if (!("points" in expansion)) throw new Error(`a matrix was not checked: ${expansion.message}`);
  return [...expansion.points].map(([label, { engine, host, args, environment }]) => ({
    ...test,
    name: `${test.name}[${label}]`,
    args: [...test.args, ...(args ?? [])],
    environment: { ...test.environment, ...environment },
    ...(engine !== undefined && { engine }),
    ...(host !== undefined && { host: host ?? undefined }),
  }));
}

/**
 * A checked manifest with all its tests.
 *
 * @param lines Those of the tests, in their order.
 */
export function complete(
  { defaults, tests, ...manifest }: GivenManifest,
  lines: readonly number[],
): Manifest {
  const given: GivenManifest = { defaults, tests, ...manifest };
  return {
    ...manifest,
    tests: tests.flatMap((test, i) => testsOf(withDefaults(test, given), lines[i] ?? 1)),
  };
}
