/** What the benchmark runs: programs with their input, ready to start. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../runner/errors/mod.ts";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { mixedBytes, numberLines } from "../suites/_data.ts";

/** A program to measure. */
export interface Program {
  name: string;
  command: readonly string[];
  /** Where it runs. @default the working folder */
  folder?: string;
  /** Called before each run that is not a replay. */
  before?: () => void;
}

/** How many programs a shell executes, one after the other. */
const EXECUTED = 200;
/** How many C files are compiled by `make`. */
const SOURCES = 8;

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

/** C files of some functions each, and a Makefile that compiles them. */
function project(folder: string): Program {
  mkdirSync(folder);
  const objects = Array.from({ length: SOURCES }, (_, i) => `f${i}.o`);
  for (let i = 0; i < SOURCES; i++) {
    const source = `#include <stdio.h>
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int work${i}(int n) {
  int *v = malloc(n * sizeof *v), sum = 0;
  for (int k = 0; k < n; k++) v[k] = (k * 7919 + ${i}) % 1009;
  qsort(v, n, sizeof *v, compare);
  for (int k = 0; k < n; k++) sum += v[k] * k;
  free(v);
  return printf("%d\\n", sum);
}
`;
    writeFileSync(join(folder, `f${i}.c`), source);
  }
  writeFileSync(join(folder, "Makefile"), `all: ${objects.join(" ")}\n%.o: %.c\n\tgcc -O1 -c $< -o $@\n`);
  return {
    name: `make, ${SOURCES} C files`,
    command: ["make", "-s", "-j2"],
    folder,
    before: () => {
      for (const object of objects) rmSync(join(folder, object), { force: true });
    },
  };
}

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
  const folder = join(scratch, "project");
  const make = project(folder);
  const ofHost: Program[] = [
    { name: "true", command: ["true"] },
    { name: "ls -la /usr/lib", command: ["ls", "-la", "/usr/lib"] },
    {
      name: `bash: ${EXECUTED} × true`,
      command: ["bash", "-c", `for i in $(seq ${EXECUTED}); do /bin/true; done`],
    },
    { name: "gcc -O1 -c", command: ["gcc", "-O1", "-c", "f0.c", "-o", "f0.o"], folder },
    make,
    { name: "gzip 20 MB", command: ["gzip", "-c", data] },
    { name: "sort", command: ["sort", lines] },
    { name: "python3", command: [PYTHON, "-S", "-c", DICTIONARY] },
  ];
  return [
    await compiled("chew_cpu", "../suites/chew_cpu.c"),
    ...ofHost.filter(({ command: [program = ""] }) => Bun.which(program) !== null),
    await compiled("calls", "programs/calls.c"),
    await compiled("clocks", "programs/clocks.c"),
    await compiled("file calls", "programs/file_calls.c"),
    await compiled("pipe calls", "programs/pipe_calls.c"),
  ];
}
