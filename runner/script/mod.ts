/**
 * The API of scripts: `import { test } from "tickproof"`. A script adds tests; who runs it (`tickproof suites`,
 * or `bun test`) decides the rest.
 */

export type { ProbeTools, UserProbe } from "../host/mod.ts";
export type {
  Suite,
  SuiteCondition,
  SuiteExpectations,
  SuiteRange,
  SuiteTest,
  SuiteText,
} from "../manifest/suite.ts";
export type { Exit } from "../outcome/mod.ts";
export type { JsonLine, JsonTest } from "../reporters/json-lines.ts";
export type { Location } from "../results/mod.ts";
export { assertAlways, assertNever, assertReplays, assertSameTicks } from "./assertions.ts";
export type { StepRecord, TestContext } from "./context.ts";
export type {
  Condition,
  Conditions,
  Hook,
  HookName,
  TestConditions,
  TestFunction,
  TestOptions,
} from "./definition.ts";
export { type AddGroup, type AddGroups, type Describe, describe } from "./describe.ts";
export type { ScriptHost } from "./host.ts";
export type { Moment, MomentPlace, StackFrame, WatchedWrite } from "./moment.ts";
export type { Permissions } from "./permissions.ts";
export type { Program, ProgramOptions } from "./program.ts";
export type { Divergence, Recording, RecordOptions, Replay, Run } from "./recording.ts";
export type { Send, SignalName, When } from "./send.ts";
export { assertSkipsOn, type SkipsOnOptions } from "./skips-on.ts";
export {
  type AddEach,
  type AddFor,
  type AddTest,
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  type EachList,
  type EachRow,
  it,
  type Test,
  type TestRecord,
  test,
} from "./test.ts";
