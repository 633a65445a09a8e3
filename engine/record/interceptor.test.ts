import { expect, test } from "bun:test";
import type { Call } from "./call.ts";
import { type Interceptor, Interceptors } from "./interceptor.ts";
import type { RecordedTask } from "./recorded-task.ts";

const TASK = { id: 1 } as RecordedTask;
const CALL = { number: 0 } as Call;

function asOne(...all: Interceptor[]): Interceptors {
  const interceptors = new Interceptors();
  for (const each of all) interceptors.add(each);
  return interceptors;
}

test("without interceptors the kernel and the processor have the word", () => {
  const none = asOne();
  expect(none.answers(TASK, CALL)).toBeUndefined();
  expect(none.processorSays(0, 0)).toBeUndefined();
  expect(none.nextStop(TASK)).toBeUndefined();
  expect(none.memoryAt(TASK, 4096)).toBeUndefined();
  expect([none.arrived(TASK), none.mustAnswer(TASK, CALL)]).toEqual([false, false]);
});

test("the first interceptor that has an answer gives it, and later ones are not asked", () => {
  let asked = 0;
  const second: Interceptor = { answers: () => () => ++asked };
  expect(
    asOne({}, { answers: () => undefined }, { answers: () => () => -13 }, second).answers(TASK, CALL)?.(),
  ).toBe(-13);
  expect(asked).toBe(0);
});

test("all interceptors hear of a stop, whichever of them brings signals", () => {
  let heard = 0;
  const arrived = (brings: boolean) => () => {
    heard++;
    return brings;
  };
  expect(asOne({ arrived: arrived(true) }, { arrived: arrived(false) }).arrived(TASK)).toBe(true);
  expect(heard).toBe(2);
});

test("the nearest stop counts", () => {
  const stops = [undefined, 70, 12, 30].map((stop): Interceptor => ({ nextStop: () => stop }));
  expect(asOne(...stops).nextStop(TASK)).toBe(12);
});
