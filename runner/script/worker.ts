/**
 * The process of a script: loads it, says which tests it has, and runs those that it is told to, one at a time.
 * A process of its own, so that a script that hangs can be ended.
 */
import { dirname, resolve } from "node:path";
import { runHooks, runTest } from "./execute.ts";
import { failureText } from "./outcome.ts";
import type { Order, Report } from "./protocol.ts";
import { provideModules } from "./provide.ts";
import { Collector, setRegistrar } from "./registry.ts";
import { surroundings } from "./surroundings.ts";

const [, , path = ""] = process.argv;
const file = resolve(path);
const script = new Collector();
let prepared: Promise<string[]> | undefined;
let running: AbortController | undefined;

function tell(report: Report): void {
  process.send?.(report);
}

/** Hooks before all tests run once, before the first test; where they fail, so does every test. */
function prepare(): Promise<string[]> {
  prepared ??= runHooks(script.hooks.beforeAll, "beforeAll", file);
  return prepared;
}

async function run({ index, files }: Order & { do: "run" }): Promise<void> {
  const test = script.tests[index];
  if (test === undefined)
    throw new RangeError(`Cannot run test ${index}: the script has ${script.tests.length}`);
  const wrong = test.ignore ? [] : await prepare();
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
  running = undefined;
  tell({ is: "ended", result });
}

async function end(): Promise<void> {
  const wrong = prepared === undefined ? [] : await runHooks(script.hooks.afterAll, "afterAll", file);
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
  tell({ is: "loaded", tests: script.tests.map(({ fn: _, ...description }) => description) });
} catch (error) {
  tell({ is: "refused", reason: failureText(error, file) });
}
