/** The type of the signal that a test gets, also in projects that have no types for it. */

/**
 * `AbortSignal`, where the project has types for it: those of a browser, Node or Bun. A project without them still
 * gets what it can ask without.
 */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Known } }
  ? Known
  : { readonly aborted: boolean; readonly reason: unknown };
