/**
 * The process of a script: loads it, says which tests it has, and runs those that it is told to, one at a time.
 * A process of its own, so that a script that hangs can be ended.
 */

import { dirname, resolve } from "node:path";
import type { StepResult } from "../results/mod.ts";
import type { Group, TestDefinition } from "./definition.ts";
import { runHooks, runTest } from "./execute.ts";
import { loadErrorText } from "./load-error.ts";
import { failureText } from "./outcome.ts";
import type { Order, Report } from "./protocol.ts";
import { provideModules } from "./provide.ts";
import { Collector, setRegistrar } from "./registry.ts";
import { surroundings } from "./surroundings.ts";

const [, , path = ""] = process.argv;
const file = resolve(path);
const script = new Collector();
let prepared: Promise<string[]> | undefined;
/** Groups with a test that was run, the first ones first, and what went wrong in their `beforeAll`. */
const entered = new Map<Group, Promise<string[]>>();
let running: AbortController | undefined;
/** What was thrown or rejected beside the test that runs, and between tests. */
let strays: string[] = [];

function stray(what: string): (error: unknown) => void {
  return (error) => void strays.push(`${what}: ${failureText(error, file)}`);
}
process.on("unhandledRejection", stray("a promise was rejected that nobody waits for"));
process.on("uncaughtException", stray("thrown where nobody catches it"));

/** What has gone astray so far; a rejection is known to be one when the turn of the event loop is over. */
async function takeStrays(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  const taken = strays;
  strays = [];
  return taken;
}

function tell(report: Report): void {
  process.send?.(report);
}

/** Hooks before all tests of the script or a group run once, before the first of them; where they fail, so do all. */
async function prepare({ groups = [] }: TestDefinition): Promise<string[]> {
  prepared ??= runHooks(script.hooks.beforeAll, "beforeAll", file);
  const wrong = [...(await prepared)];
  for (const group of groups) {
    if (wrong.length > 0) break;
    const done = entered.get(group) ?? runHooks(group.hooks.beforeAll, "beforeAll", file);
    entered.set(group, done);
    wrong.push(...(await done));
  }
  return wrong;
}

async function run({ index, files, environment }: Order & { do: "run" }): Promise<void> {
  Object.assign(process.env, environment);
  const test = script.tests[index];
  if (test === undefined)
    throw new RangeError(`Cannot run test ${index}: the script has ${script.tests.length}`);
  const wrong = test.ignore ? [] : await prepare(test);
  if (wrong.length > 0) {
    tell({
      is: "ended",
      result: { name: test.name, verdict: { kind: "fail", reasons: wrong }, milliseconds: 0, steps: [] },
    });
    return;
  }
  running = new AbortController();
  const { signal } = running;
  const around = surroundings(file, test, files, signal, (steps, step) =>
    tell({ is: "step", path: steps, result: step }),
  );
  const result = await runTest(script, test, around, signal);
  const astray = await takeStrays();
  running = undefined;
  tell({ is: "ended", result: astray.length > 0 ? failedBy(result, astray) : result });
}

/** A result with what went wrong beside it. */
function failedBy(result: StepResult, reasons: readonly string[]): StepResult {
  const own = result.verdict.kind === "fail" ? result.verdict.reasons : [];
  return { ...result, verdict: { kind: "fail", reasons: [...own, ...reasons] } };
}

async function end(): Promise<void> {
  const wrong: string[] = [];
  for (const group of [...entered.keys()].toReversed())
    wrong.push(...(await runHooks(group.hooks.afterAll, "afterAll", file)));
  if (prepared !== undefined) wrong.push(...(await runHooks(script.hooks.afterAll, "afterAll", file)));
  wrong.push(...(await takeStrays()));
  tell({ is: "closed", wrong });
  process.disconnect?.();
}

function obey(order: Order): void {
  if (order.do === "run") void run(order);
  else if (order.do === "stop") running?.abort();
  else void end();
}

process.on("message", (order) => obey(order as Order));
// Without a runner there is nobody to work for.
process.on("disconnect", () => {
  running?.abort();
  process.exit(0);
});

setRegistrar(script);
provideModules(dirname(file));
try {
  await import(file);
  tell({ is: "loaded", tests: script.tests.map(({ fn: _, groups: __, ...description }) => description) });
} catch (error) {
  tell({ is: "refused", reason: loadErrorText(error, file) });
}
