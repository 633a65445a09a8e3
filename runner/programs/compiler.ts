/** The compilers of this host: for C and assembly `$CC`, else gcc, clang or cc; for C++ `$CXX`, else g++ and so on. */
import { extname } from "node:path";
import { UsageError } from "../errors/mod.ts";

/** Languages that programs under test are written in. */
export const LANGUAGES = ["c", "c++", "asm"] as const;
export type Language = (typeof LANGUAGES)[number];

const EXTENSIONS: Readonly<Record<string, Language>> = {
  ".c": "c",
  ".cc": "c++",
  ".cpp": "c++",
  ".cxx": "c++",
  ".S": "asm",
  ".s": "asm",
};

/** Flags that every program of a language is compiled with. */
export const FLAGS: Readonly<Record<Language, readonly string[]>> = {
  c: ["-std=gnu11", "-O2", "-g", "-pthread", "-Wall", "-Wextra"],
  "c++": ["-std=gnu++17", "-O2", "-g", "-pthread", "-Wall", "-Wextra"],
  asm: ["-g"],
};

/** The language of a source by its extension; undefined if it is no source. */
export function languageOf(path: string): Language | undefined {
  return EXTENSIONS[extname(path)];
}

/** The language that a program of several sources is linked as: C++ if one of them is, else C if one is. */
export function languageOfAll(paths: readonly string[]): Language {
  const all = paths.map((path) => languageOf(path) ?? "c");
  if (all.includes("c++")) return "c++";
  return all.includes("c") ? "c" : "asm";
}

/** A compiler that was found. */
export interface Compiler {
  /** How it is started; `$CC` may have arguments. */
  command: readonly string[];
  /** What it says it is: path and version. Another identity means another program. */
  identity: string;
}

/** The variable that names the compiler, and those that are looked for without it. */
const CANDIDATES: Readonly<Record<Language, readonly [variable: string, ...names: string[]]>> = {
  c: ["CC", "gcc", "clang", "cc"],
  "c++": ["CXX", "g++", "clang++", "c++"],
  asm: ["CC", "gcc", "clang", "cc"],
};

/** What installs the compiler on Debian. */
const PACKAGES: Readonly<Record<Language, string>> = {
  c: "gcc libc6-dev",
  "c++": "g++",
  asm: "gcc libc6-dev",
};

function identify(command: readonly string[]): Compiler | undefined {
  const path = Bun.which(command[0] ?? "");
  if (path === null) return undefined;
  const { success, stdout } = Bun.spawnSync([...command, "--version"], { stdin: "ignore", stderr: "ignore" });
  const version = stdout.toString().split("\n")[0] ?? "";
  return success ? { command, identity: `${path} ${version}` } : undefined;
}

/**
 * Finds a compiler.
 *
 * @param environment Where `CC` and `CXX` are looked up.
 * @param language What it is to compile.
 * @throws {UsageError} If there is none, with the command that installs one.
 */
export function findCompiler(
  environment: NodeJS.ProcessEnv = process.env,
  language: Language = "c",
): Compiler {
  const [variable, ...names] = CANDIDATES[language];
  const chosen = environment[variable]?.trim();
  if (chosen) {
    const compiler = identify(chosen.split(/\s+/));
    if (compiler) return compiler;
    throw new UsageError(
      `the compiler that ${variable} names cannot be run: '${chosen}'; unset ${variable} or correct it`,
    );
  }
  for (const name of names) {
    const compiler = identify([name]);
    if (compiler) return compiler;
  }
  throw new UsageError(
    `no ${language === "c++" ? "C++" : "C"} compiler for the programs under test: ` +
      `install one (apt-get install ${PACKAGES[language]})`,
  );
}
