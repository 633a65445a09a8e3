/** What a script says of its tests: the types that `test()` takes, and what it registers. */

import type { EngineName } from "../host/mod.ts";
import type { EngineChoice, Location } from "../results/mod.ts";
import type { TestContext } from "./context.ts";
import type { Permissions } from "./permissions.ts";

/** Seconds that one attempt may take where neither the test nor the run says otherwise. */
export const DEFAULT_TIMEOUT_SECONDS = 60;

/** The body of a test or a step. */
export type TestFunction = (t: TestContext) => void | Promise<void>;

/** Capabilities of a host, and what is to be said of them. */
export interface Condition {
  /** Capabilities that the host has, all of them. */
  when?: string | readonly string[];
  /** Engines that it is about. @default all */
  engine?: EngineName | readonly EngineName[];
  /** Why, for those who read the report. */
  reason?: string;
  /** Where more is told of it. */
  url?: string;
}

/** A capability, or several conditions of which one is enough. */
export type Conditions = string | Condition | readonly (string | Condition)[];

/** Where a test is for, and where its result means less. */
export interface TestConditions {
  /** Capabilities without which it is skipped, as `tickproof doctor` names them. @default none */
  requires?: Conditions;
  /** Where it is skipped. @default nowhere */
  unsupported?: Conditions;
  /** Where it is run, and its result is marked. @default nowhere */
  flag?: Conditions;
  /** Where it is run and must fail: to pass is then a failure. @default nowhere */
  xfail?: Conditions;
}

/**
 * What may be said of a test besides its body. Everything is optional.
 *
 * @example
 * test({
 *   name: "writes nothing outside",
 *   permissions: { net: false, write: "folder" },
 *   requires: "compiler",
 *   repeats: 3,
 *   fn: async (t) => {
 *     await using recording = await t.record("program.c");
 *     await assertReplays(recording);
 *   },
 * });
 */
export interface TestOptions extends TestConditions {
  /** Not run; a text says why. @default false */
  ignore?: boolean | string;
  /** Only tests with this are run, and the run fails for it, so that it is not forgotten. @default false */
  only?: boolean;
  /** Seconds that one attempt may take. @default DEFAULT_TIMEOUT_SECONDS, or the run's */
  timeout?: number;
  /** Attempts after a failed one; a test that passes then is flaky. @default 0 */
  retry?: number;
  /** Times that the test is run; it passes only if all of them do. @default 1 */
  repeats?: number;
  /** Words to choose tests by. @default none */
  tags?: readonly string[];
  /**
   * The engine that is to run it. Scripts record with the embedded one, so that a test for "rr" is skipped.
   * @default "embedded"
   */
  engine?: EngineChoice;
  /**
   * Described host that its programs run on, by name or by path of a profile relative to the script; its conditions and
   * `t.host` are those of that host.
   * @default this host
   */
  host?: string;
  /** What programs that it records may do. @default all that its user may */
  permissions?: Permissions;
}

/** A test with all that its script says of it. */
export interface TestDefinition extends TestOptions {
  name: string;
  fn: TestFunction;
  /** Where `test()` was called. */
  location: Location;
  /** The groups that it is in, the outermost first. @default none */
  groups?: readonly Group[];
}

/** A group of tests, by `describe()`. */
export interface Group {
  readonly name: string;
  readonly hooks: Readonly<Record<HookName, Hook[]>>;
}

/** When a hook runs: around all tests of its script, or around each. */
export type HookName = "beforeAll" | "beforeEach" | "afterEach" | "afterAll";

/** The body of a hook. */
export type Hook = () => void | Promise<void>;

/** The tests and hooks of one script, in the order in which it names them. */
export interface Script {
  readonly tests: readonly TestDefinition[];
  readonly hooks: Readonly<Record<HookName, readonly Hook[]>>;
}
