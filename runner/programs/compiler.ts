/** The C compiler of this host: `$CC`, else gcc, clang or cc. */
import { UsageError } from "../errors.ts";

/** Flags that every program is compiled with. */
export const FLAGS: readonly string[] = ["-std=gnu11", "-O2", "-g", "-pthread", "-Wall", "-Wextra"];

/** A compiler that was found. */
export interface Compiler {
  /** How it is started; `$CC` may have arguments. */
  command: readonly string[];
  /** What it says it is: path and version. Another identity means another program. */
  identity: string;
}

const CANDIDATES = ["gcc", "clang", "cc"] as const;

function identify(command: readonly string[]): Compiler | undefined {
  const path = Bun.which(command[0] ?? "");
  if (path === null) return undefined;
  const { success, stdout } = Bun.spawnSync([...command, "--version"], { stdin: "ignore", stderr: "ignore" });
  const version = stdout.toString().split("\n")[0] ?? "";
  return success ? { command, identity: `${path} ${version}` } : undefined;
}

/**
 * Finds the compiler.
 *
 * @param environment Where `CC` is looked up.
 * @throws {UsageError} If there is none, with the command that installs one.
 */
export function findCompiler(environment: NodeJS.ProcessEnv = process.env): Compiler {
  const chosen = environment.CC?.trim();
  if (chosen) {
    const compiler = identify(chosen.split(/\s+/));
    if (compiler) return compiler;
    throw new UsageError(`the compiler that CC names cannot be run: '${chosen}'; unset CC or correct it`);
  }
  for (const name of CANDIDATES) {
    const compiler = identify([name]);
    if (compiler) return compiler;
  }
  throw new UsageError("no C compiler for the suites' programs: install one (apt-get install gcc libc6-dev)");
}
