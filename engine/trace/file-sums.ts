/**
 * `sums.json`: a checksum of each file of a trace, written when it is closed (`record --checksum`). The events have
 * checksums in any case; contents of mapped files, the description and the list of files have these.
 */
import { closeSync, readdirSync, readSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../errno-exception.ts";
import { EVENTS_NAME, FILE_LIST_NAME, META_NAME, SUMS_NAME } from "./layout.ts";
import { MAX_FILE_LIST_BYTES } from "./limits.ts";
import { openPlain, readPlain } from "./plain-file.ts";
import { errorCode, TraceError } from "./trace-error.ts";

const PIECE = 1 << 20;

/** Names of the files whose sums are kept: what a trace consists of, and nothing else. */
const NAME = /^(meta\.json|events|files\.jsonl|files\/\d{3,})$/;

/** XXH64 of a file of a trace, as a hexadecimal text, piece by piece with the sum so far as the seed. */
function sumOf(dir: string, name: string): string {
  const { fd, size } = openPlain(dir, name);
  try {
    const piece = Buffer.alloc(PIECE);
    let sum = BigInt(size);
    for (let at = 0; at < size; ) {
      const count = readSync(fd, piece, 0, Math.min(PIECE, size - at), at);
      if (count === 0) break;
      sum = Bun.hash.xxHash64(piece.subarray(0, count), sum);
      at += count;
    }
    return sum.toString(16).padStart(16, "0");
  } finally {
    closeSync(fd);
  }
}

/** Writes the sums of a trace that is complete. */
export function writeFileSums(dir: string): void {
  const contents = readdirSync(join(dir, "files")).map((name) => `files/${name}`);
  const names = [
    META_NAME,
    EVENTS_NAME,
    FILE_LIST_NAME,
    ...contents.filter((name) => NAME.test(name)).sort(),
  ];
  const sums = Object.fromEntries(names.map((name) => [name, sumOf(dir, name)]));
  const path = join(dir, SUMS_NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(sums, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Compares the files of a trace with the sums that it has of them.
 *
 * @returns How many were compared; undefined if the trace has no sums.
 * @throws {TraceError} For a file that differs or is missing, and for sums that can't be read.
 */
export function checkFileSums(dir: string): number | undefined {
  const where = join(dir, SUMS_NAME);
  const damaged = (what: string, at: string, cause?: unknown) =>
    new TraceError({ what, where: at, mend: "restore it from a copy or record again", cause });
  let sums: unknown;
  try {
    sums = JSON.parse(readPlain(dir, SUMS_NAME, MAX_FILE_LIST_BYTES));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw damaged(`The checksums of the trace can't be read: ${reasonOf(error)}`, where, error);
  }
  if (typeof sums !== "object" || sums === null || Array.isArray(sums))
    throw damaged("The checksums of the trace are no object", where);
  const entries = Object.entries(sums);
  for (const [name, sum] of entries) {
    if (!NAME.test(name))
      throw damaged(
        `The checksums of the trace are of ${JSON.stringify(name)}, which is no file of a trace`,
        where,
      );
    let found: string;
    try {
      found = sumOf(dir, name);
    } catch (error) {
      throw damaged(`${name} can't be read: ${reasonOf(error)}`, join(dir, name), error);
    }
    if (found !== sum) throw damaged(`The checksum of ${name} does not match`, join(dir, name));
  }
  return entries.length;
}
