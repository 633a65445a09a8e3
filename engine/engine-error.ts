/**
 * What goes wrong in the engine, one class for each who can mend it: whoever asked for it (EngineError), nobody on this
 * version of the engine (Unsupported), the host (HostFault), or the engine's makers (a broken invariant).
 */

/** An error with a message for the user: what, where and how to mend it. */
export class EngineError extends Error {
  override readonly name: string = "EngineError";
}

/** A limit of the engine: what the program does can't be recorded or replayed. */
export class Unsupported extends EngineError {
  override readonly name = "Unsupported";
}

/** The host has no room, or not the right, for what the engine needs. */
export class HostFault extends EngineError {
  override readonly name = "HostFault";
}

/** Asserts an invariant of the engine; a failure is a bug of ours, and says so. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`engine invariant broken: ${message}`);
}
