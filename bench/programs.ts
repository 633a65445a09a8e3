/** What the benchmark runs: programs with their input, ready to start. */
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../runner/errors.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { mixedBytes, numberLines } from "../suites/_data.ts";

/** A program to measure. */
export interface Program {
  name: string;
  command: readonly string[];
}

const GZIP_BYTES = 20_000_000;
const SORT_LINES = 300_000;

/** The system's own Python where there is one: others may be scripts that look for it first. */
const PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
/** Bytecode loops and dictionaries: an interpreter's branches are hard to foresee. */
const DICTIONARY = `
words = {}
for i in range(600_000):
    key = str(i * 7919 % 50_000)
    words[key] = words.get(key, 0) + 1
print(len(words), sum(words.values()))
`;

/** A C program of this repository, compiled. */
async function compiled(name: string, source: string): Promise<Program> {
  const compilation = await compile(resolve(import.meta.dir, source), findCompiler());
  if (!compilation.ok) throw new UsageError(compilation.message);
  return { name, command: [compilation.path] };
}

/**
 * Makes the programs ready; those of the host that are missing are left out.
 *
 * @param scratch A folder for their input.
 */
export async function programs(scratch: string): Promise<Program[]> {
  const [data, lines] = [join(scratch, "data"), join(scratch, "lines")];
  writeFileSync(data, mixedBytes(GZIP_BYTES));
  writeFileSync(lines, numberLines(SORT_LINES));
  const ofHost: Program[] = [
    { name: "gzip 20 MB", command: ["gzip", "-c", data] },
    { name: "sort", command: ["sort", lines] },
    { name: "python3", command: [PYTHON, "-S", "-c", DICTIONARY] },
  ];
  return [
    await compiled("chew_cpu", "../suites/chew_cpu.c"),
    ...ofHost.filter(({ command: [program = ""] }) => Bun.which(program) !== null),
    await compiled("calls", "programs/calls.c"),
    await compiled("syscalls", "programs/syscalls.c"),
  ];
}
