/** What Bun's own types of `bun:jsc` leave out. */
declare module "bun:jsc" {
  /** Keeps the JIT from putting a function's code into its callers. */
  export function noInline(fn: () => unknown): void;
}

export {};
