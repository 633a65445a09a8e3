/** What the benchmark runs: programs with their input, ready to start. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../runner/errors.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { mixedBytes } from "../suites/_data.ts";

/** A program to measure. */
export interface Program {
  name: string;
  command: readonly string[];
}

const GZIP_BYTES = 20_000_000;

/** A suite's program, compiled. */
async function suiteProgram(name: string): Promise<Program> {
  const compilation = await compile(resolve(import.meta.dir, `../suites/${name}.c`), findCompiler());
  if (!compilation.ok) throw new UsageError(compilation.message);
  return { name, command: [compilation.path] };
}

/**
 * Makes the programs ready.
 *
 * @param scratch A folder for their input.
 */
export async function programs(scratch: string): Promise<Program[]> {
  const data = join(scratch, "data");
  writeFileSync(data, mixedBytes(GZIP_BYTES));
  return [await suiteProgram("chew_cpu"), { name: "gzip 20 MB", command: ["gzip", "-c", data] }];
}
