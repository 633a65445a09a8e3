/** Finds or compiles the programs of tests. */
import { UsageError } from "../errors.ts";
import { compile } from "../programs/compile.ts";
import { type Compiler, findCompiler } from "../programs/compiler.ts";
import type { PreparedTest } from "./prepare.ts";
import type { Target, Verdict } from "./types.ts";

/** A program to run, or why there is none. */
export type Program = { path: string } | { verdict: Verdict };

export class Programs {
  readonly #compiler: Compiler | undefined;

  /** @throws {UsageError} If a test that is to be run needs a compiler and there is none. */
  constructor(tests: readonly PreparedTest[]) {
    const needed = tests.some(({ test, plan }) => test.target.kind === "source" && plan.kind === "run");
    this.#compiler = needed ? findCompiler() : undefined;
  }

  /** @param target Of a test that is no script's. */
  async find(target: Exclude<Target, { kind: "script" }>): Promise<Program> {
    if (target.kind === "host") {
      const path = Bun.which(target.name);
      if (path !== null) return { path };
      const reason = `this host has no '${target.name}'`;
      return { verdict: { kind: "skip", reason, missing: [target.name] } };
    }
    if (this.#compiler === undefined)
      throw new UsageError(`no compiler was looked for, but ${target.path} needs one`);
    const compilation = await compile(target.path, this.#compiler);
    if (compilation.ok) return { path: compilation.path };
    return { verdict: { kind: "broken", reason: compilation.message } };
  }
}
