/** Files of results that are whole or not there: a run that is interrupted leaves no half of one. */
import { accessSync, constants, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";

/**
 * Checks that a file can be written, before anything runs whose result would be lost.
 *
 * @param option Which option names it, for the error.
 * @throws {UsageError} If its folder is not there or not writable.
 */
export function checkWritable(option: string, path: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch {
    throw new UsageError(
      `${option} ${path} can't be written: name a file in a folder that exists and is writable`,
    );
  }
}

/**
 * Writes a file beside its place and moves it there.
 *
 * @param mode The rights of the file. @default as the umask has it
 */
export function writeWhole(path: string, text: string | Uint8Array, mode?: number): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { ...(mode !== undefined && { mode }) });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
