/** Finding the program that a command line names, as execvp(3) does. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { EngineError } from "./engine-error.ts";

/**
 * The file of a program.
 *
 * @param name As the user typed it: searched in `path` unless it has a slash.
 * @param path The environment's PATH.
 * @param cwd Folder that relative paths start from.
 * @returns Its absolute path.
 * @throws EngineError if there is none, or it can't be executed.
 */
export function findProgram(name: string, path: string, cwd: string): string {
  if (name === "") throw new EngineError("Cannot start anything: no program was given");
  const candidates = name.includes("/")
    ? [resolve(cwd, name)]
    : path.split(delimiter).map((folder) => join(resolve(cwd, folder || "."), name));
  for (const candidate of candidates) {
    if (existsSync(candidate) && statSync(candidate).isFile() && executable(candidate)) return candidate;
  }
  const exists = candidates.find((candidate) => existsSync(candidate));
  throw new EngineError(
    exists
      ? `Cannot start ${name}: ${exists} is not an executable file (chmod +x it, or name a program)`
      : `Cannot start ${name}: there is no such program (${name.includes("/") ? "check the path" : "it is in no folder of PATH"})`,
  );
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
