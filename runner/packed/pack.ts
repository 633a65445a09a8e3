/** Packs a trace: all of its files in one, compressed, to be sent or kept. */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";
import { reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import { FILES_FOLDER, isMember } from "./members.ts";

/** What packing came to, in bytes. */
export interface Packed {
  readonly files: number;
  readonly bytes: number;
  readonly packedBytes: number;
}

/**
 * Writes a trace to one file, which is whole or not there.
 *
 * @param directory A trace.
 * @param file What to write; one that is there is replaced.
 * @throws {UsageError} If it can't be written, or the folder holds what no trace has.
 */
export function pack(directory: string, file: string): Packed {
  // The description goes first: what a file is can be told from its beginning.
  const members = membersOf(directory).toSorted(
    (a, b) => Number(b === "meta.json") - Number(a === "meta.json"),
  );
  const temporary = `${file}.${process.pid}.new`;
  try {
    create(
      { cwd: directory, file: temporary, gzip: true, portable: true, sync: true, noMtime: true },
      members,
    );
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`cannot write ${file}: ${reasonOf(error)}: name another file by -o`);
  }
  const bytes = members.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  return { files: members.length, bytes, packedBytes: statSync(file).size };
}

/** The files of a trace, by their names in it. */
function membersOf(directory: string): string[] {
  const names = readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => (entry.parentPath === directory ? entry.name : `${FILES_FOLDER}/${entry.name}`));
  for (const name of names) {
    if (!isMember(name) || !statSync(join(directory, name)).isFile())
      throw new UsageError(`${directory} holds '${name}', which no trace has: move it elsewhere`);
  }
  return names.toSorted();
}
