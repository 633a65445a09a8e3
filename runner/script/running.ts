/** The test that runs: for assertions about it that are not handed its context. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TestDefinition } from "./definition.ts";

/** A test that runs, among those of its script. */
export interface Running {
  readonly test: TestDefinition;
  readonly tests: readonly TestDefinition[];
}

const storage = new AsyncLocalStorage<Running>();

/** Runs something as a test. */
export function asRunning<T>(running: Running, fn: () => Promise<T>): Promise<T> {
  return storage.run(running, fn);
}

/** The test that calls this; undefined outside of any. */
export function runningTest(): Running | undefined {
  return storage.getStore();
}
