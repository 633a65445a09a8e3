/** Files of results that are whole or not there: a run that is interrupted leaves no half of one. */
import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a file beside its place and moves it there. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
