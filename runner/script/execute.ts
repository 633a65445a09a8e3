/** Runs one test of a script, with the script's hooks around it. */
import type { StepResult, StepVerdict } from "../results/mod.ts";
import { runBody, type Surroundings, TestContext } from "./context.ts";
import type { Hook, HookName, Script, TestDefinition } from "./definition.ts";
import { failureText } from "./outcome.ts";
import { asRunning } from "./running.ts";

/**
 * Runs a test once.
 *
 * @param script The script that it is of.
 * @param test Which one.
 * @param around What the test's context stands on.
 * @param signal Aborted when the test is to end.
 * @returns What came of it. A failing hook fails the test, whatever its body said.
 */
export async function runTest(
  script: Script,
  test: TestDefinition,
  around: Surroundings,
  signal: AbortSignal,
): Promise<StepResult> {
  const started = performance.now();
  const t = new TestContext(test.name, around, test.location, signal);
  const verdict = await asRunning({ test, tests: script.tests }, () => withHooks(script, test, t));
  return { name: test.name, verdict, milliseconds: performance.now() - started, steps: t.steps };
}

async function withHooks(script: Script, test: TestDefinition, t: TestContext): Promise<StepVerdict> {
  if (test.ignore) {
    const reason = typeof test.ignore === "string" ? test.ignore : "ignored by the script";
    return { kind: "skip", reason };
  }
  const { groups = [] } = test;
  const owners = [script, ...groups];
  const first = owners.flatMap(({ hooks }) => hooks.beforeEach);
  const last = owners.toReversed().flatMap(({ hooks }) => hooks.afterEach);
  const before = await runHooks(first, "beforeEach", test.location.file);
  const verdict: StepVerdict =
    before.length > 0 ? { kind: "fail", reasons: before } : await runBody(t, test.fn, test.location);
  const after = await runHooks(last, "afterEach", test.location.file);
  if (after.length === 0) return verdict;
  return { kind: "fail", reasons: [...(verdict.kind === "fail" ? verdict.reasons : []), ...after] };
}

/**
 * Runs hooks one after the other; the `after…` ones all, the `before…` ones up to the first failure.
 *
 * @returns What went wrong, a text each.
 */
export async function runHooks(hooks: readonly Hook[], name: HookName, file: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const hook of hooks) {
    try {
      await hook();
    } catch (error) {
      wrong.push(`${name}: ${failureText(error, file)}`);
      if (name.startsWith("before")) break;
    }
  }
  return wrong;
}
