/** What goes wrong in the engine for reasons that a user can mend. */

/** An error with a message for the user: what, where and how to mend it. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}

/** Asserts an invariant of the engine; a failure is a bug of ours, and says so. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`engine invariant broken: ${message}`);
}
