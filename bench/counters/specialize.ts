/**
 * Loops around an operation, made anew for each one. JavaScriptCore keeps what it learned of a call site with the
 * code of the function, so that one loop for all operations would make every call a guess among all of them; a
 * program that reads counters has a loop of its own too.
 */

/** Runs an operation so many times. */
export type Loop = (calls: number) => void;

/** JavaScriptCore shares the code of functions with the same text: a number in it makes each one's its own. */
let specialized = 0;

/**
 * Makes the loop of an operation.
 *
 * @param operation Its argument counts from 0 in each run of the loop.
 */
export function specialize(operation: (turn: number) => unknown): Loop {
  const make = new Function(
    "operation",
    `return (calls) => { /* ${specialized++} */ for (let turn = 0; turn < calls; turn++) operation(turn); };`,
  );
  return make(operation) as Loop;
}
