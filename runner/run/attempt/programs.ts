/** Finds or compiles the programs of tests. */

import { UsageError } from "../../errors/mod.ts";
import { compile } from "../../programs/compile.ts";
import { type Compiler, findCompiler, type Language, languageOfAll } from "../../programs/compiler.ts";
import type { Verdict } from "../../results/mod.ts";
import type { PreparedTest } from "../decide/mod.ts";
import type { Target } from "../types.ts";

/** A program to run, or why there is none. */
export type Program = { path: string } | { verdict: Verdict };

type SourceTarget = Extract<Target, { kind: "source" }>;

function languageOfTarget({ path, more, language }: SourceTarget): Language {
  return language ?? languageOfAll([path, ...(more ?? [])]);
}

export class Programs {
  /** What was looked for; tests of other programs run where there is none. */
  readonly #compilers = new Map<Language, Compiler | { reason: string }>();

  /** @throws {UsageError} If all tests that are to be run need a compiler, and there is none: nothing can be done here. */
  constructor(tests: readonly PreparedTest[]) {
    const targets = tests.filter(({ plan }) => plan.kind === "run").map(({ test }) => test.target);
    const reasons = targets.map((target) => {
      const compiler = target.kind === "source" ? this.#compilerOf(languageOfTarget(target)) : undefined;
      return compiler !== undefined && "reason" in compiler ? compiler.reason : undefined;
    });
    const [first] = reasons;
    if (first !== undefined && !reasons.includes(undefined)) throw new UsageError(first);
  }

  /** @param target Of a test that is no script's. */
  async find(target: Exclude<Target, { kind: "script" }>): Promise<Program> {
    if (target.kind === "host") {
      const path = Bun.which(target.name);
      if (path !== null) return { path };
      const reason = `this host has no '${target.name}'`;
      return { verdict: { kind: "skip", reason, missing: [target.name] } };
    }
    const { path, ...options } = target;
    const compiler = this.#compilerOf(languageOfTarget(target));
    if ("reason" in compiler) return { verdict: { kind: "broken", reason: compiler.reason } };
    const compilation = await compile(path, compiler, options);
    if (compilation.ok) return { path: compilation.path };
    return { verdict: { kind: "broken", reason: compilation.message } };
  }

  #compilerOf(language: Language): Compiler | { reason: string } {
    const known = this.#compilers.get(language) ?? compilerOrReason(language);
    this.#compilers.set(language, known);
    return known;
  }
}

function compilerOrReason(language: Language): Compiler | { reason: string } {
  try {
    return findCompiler(process.env, language);
  } catch (error) {
    if (error instanceof UsageError) return { reason: error.message };
    throw error;
  }
}
