/**
 * What Node, Vitest and others get for `import { test } from "tickproof"`: words instead of an error about syntax.
 * `elsewhere.test.ts` checks that it names all that `mod.ts` has.
 */
export let afterAll,
  afterEach,
  assertAlways,
  assertNever,
  assertReplays,
  assertSameTicks,
  assertSkipsOn,
  beforeAll,
  beforeEach,
  describe,
  it,
  test;

throw new Error(
  "a script of tickproof can't be run by this program: start it with 'tickproof suites FILE', " +
    "or with 'bun test' and preload = [\"tickproof/bun\"] in bunfig.toml",
);
