/**
 * The type of a checked manifest as scripts get it by `import suite from "./x.suite.yaml"`. Written out, and not taken
 * from the schema, so that a project which imports it needs no types of the library that checks.
 */

import type { EngineName } from "../host/mod.ts";
import type { EngineChoice } from "../results/mod.ts";

/** Bounds of a count, both inclusive. */
export interface SuiteRange {
  min?: number | undefined;
  max?: number | undefined;
}

/** What an output must be like. */
export interface SuiteText {
  /** The whole output. */
  equals?: string | undefined;
  /** Texts in it. */
  contains?: string[] | undefined;
  /** Regular expressions that match in it. */
  matches?: string[] | undefined;
  /** It is as in a file in `__snapshots__` beside the manifest. */
  snapshot?: boolean | undefined;
  /** The recorded program prints what it prints natively. */
  native?: boolean | undefined;
}

/** What a test's runs must be like. */
export interface SuiteExpectations {
  exit?: number | undefined;
  /** The signal that ends the program. */
  signal?: string | undefined;
  stdout?: SuiteText | undefined;
  stderr?: SuiteText | undefined;
  /** Retired conditional branches; `baseline` is a percentage. */
  ticks?: (SuiteRange & { baseline?: string | undefined }) | undefined;
  events?: SuiteRange | undefined;
  signals?: SuiteRange | undefined;
  switches?: SuiteRange | undefined;
  /** How many times as long as the native run the recording takes. */
  overhead?: { max: number } | undefined;
  /** Events of the native run, by name. */
  counters?: Record<string, SuiteRange> | undefined;
}

/** A condition, complete. */
export interface SuiteCondition {
  when: string[];
  engine: EngineName[];
  reason?: string | undefined;
  url?: string | undefined;
}

/** A program that sets up or tears down. */
export interface SuiteHook {
  command: string;
  args: string[];
  environment: Record<string, string>;
  timeout?: number | undefined;
}

/** One test, with the manifest's defaults filled in and its matrix expanded. */
export interface SuiteTest {
  name: string;
  program?: string | undefined;
  build?:
    | {
        sources: string[];
        flags?: string[] | undefined;
        libraries?: string[] | undefined;
        language?: "c" | "c++" | "asm" | undefined;
      }
    | undefined;
  command?: string | undefined;
  args: string[];
  stdin?: string | undefined;
  /** Contents, or the file that it is a copy of, by path in the working folder. */
  files?: Record<string, string | { copy: string }> | undefined;
  environment: Record<string, string>;
  signals?:
    | {
        send: string;
        at: { ms?: number | undefined; output?: string | undefined; ticks?: number | undefined };
      }[]
    | undefined;
  setup?: SuiteHook[] | undefined;
  teardown?: SuiteHook[] | undefined;
  timeout?: number | undefined;
  alone: boolean;
  weight: number;
  exclusive: string[];
  repeat?: number | undefined;
  retry?: number | undefined;
  tags: string[];
  skip?: string | undefined;
  engine?: EngineChoice | undefined;
  host?: string | undefined;
  requires: SuiteCondition[];
  unsupported: SuiteCondition[];
  flag: SuiteCondition[];
  xfail: SuiteCondition[];
  expect: SuiteExpectations;
}

/** A checked manifest. */
export interface Suite {
  /** Name of the suite. */
  suite: string;
  description?: string | undefined;
  /** Seconds, for tests that name no timeout of their own. */
  timeout: number;
  engine: EngineChoice;
  tags: string[];
  setup?: SuiteHook[] | undefined;
  teardown?: SuiteHook[] | undefined;
  tests: SuiteTest[];
  /** Absolute path of the manifest's folder. */
  folder: string;
}
