/**
 * Loops around an operation, made anew for each one. JavaScriptCore keeps what it learned of a call site with the
 * code of the function, so that one loop for all operations would make every call a guess among all of them; a
 * program that reads counters has a loop of its own too.
 */
import { stamps } from "../../ffi/mod.ts";

/** An operation in loops; `turn` counts from 0 in each of them. */
export interface Loops {
  /** Runs it so many times. */
  readonly run: (calls: number) => void;
  /** Runs it so many times and takes the time before the first and after each one. */
  readonly each: (calls: number) => void;
}

/** JavaScriptCore shares the code of functions with the same text: a number in it makes each one's its own. */
let specialized = 0;

/** Makes the loops of an operation. */
export function specialize(operation: (turn: number) => unknown): Loops {
  const make = new Function(
    "operation",
    "stamp",
    `return { // ${specialized++}
      run(calls) { for (let turn = 0; turn < calls; turn++) operation(turn); },
      each(calls) { stamp(); for (let turn = 0; turn < calls; turn++) { operation(turn); stamp(); } },
    };`,
  );
  const { run, each } = make(operation, stamps.take) as Loops;
  return {
    run,
    each(calls) {
      stamps.begin();
      each(calls);
    },
  };
}
