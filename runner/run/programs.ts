/** Finds or compiles the programs of tests. */
import { UsageError } from "../errors.ts";
import { compile } from "../programs/compile.ts";
import { type Compiler, findCompiler, type Language, languageOfAll } from "../programs/compiler.ts";
import type { PreparedTest } from "./prepare.ts";
import type { Target, Verdict } from "./types.ts";

/** A program to run, or why there is none. */
export type Program = { path: string } | { verdict: Verdict };

type SourceTarget = Extract<Target, { kind: "source" }>;

function languageOfTarget({ path, more, language }: SourceTarget): Language {
  return language ?? languageOfAll([path, ...(more ?? [])]);
}

export class Programs {
  readonly #compilers: ReadonlyMap<Language, Compiler>;

  /** @throws {UsageError} If a test that is to be run needs a compiler and there is none. */
  constructor(tests: readonly PreparedTest[]) {
    const languages = tests.flatMap(({ test, plan }) =>
      test.target.kind === "source" && plan.kind === "run" ? [languageOfTarget(test.target)] : [],
    );
    this.#compilers = new Map(
      [...new Set(languages)].map((language) => [language, findCompiler(process.env, language)]),
    );
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
    const compiler = this.#compilers.get(languageOfTarget(target));
    if (compiler === undefined) throw new UsageError(`no compiler was looked for, but ${path} needs one`);
    const compilation = await compile(path, compiler, options);
    if (compilation.ok) return { path: compilation.path };
    return { verdict: { kind: "broken", reason: compilation.message } };
  }
}
