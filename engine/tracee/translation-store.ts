/**
 * Translations that are kept from one recording or replay to the next, as files in the user's cache folder: one for each
 * stretch of text, whichever programs it is part of. Most of what a short program costs is its translation.
 *
 * Exactness does not depend on them: a file with a wrong checksum, or of another version of the translator, is as good
 * as none, and translations come to life only where the program's text is what they were made of, byte by byte.
 * Like the programs that the runner compiles there, they are code that the user's own account may change.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";
import { isErrnoException, reasonOf } from "../errno-exception.ts";
import { uses } from "../optimisations.ts";
import { type FrozenTables, packTables, unpackTables } from "../translate/frozen.ts";

/** Bytes of all files together: one or two million are usual for a library, 15 million for a compiler. */
const MAX_BYTES = 2 ** 30;
const CHECKSUM = 8;

/** The folder of the translator's own text. */
const TRANSLATOR = join(import.meta.dir, "../translate");

let version: string | undefined;

/** What identifies the translator's own text: translations of another one may count ticks elsewhere. */
function translatorVersion(): string {
  if (version === undefined) {
    const sources = readdirSync(TRANSLATOR).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
    );
    const identities = sources.sort().map((name) => {
      // All files of an installed package have the same mtime; ctime is when it was installed.
      const { size, mtimeMs, ctimeMs, ino } = statSync(join(TRANSLATOR, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs} ${ino}`;
    });
    version = Bun.hash.xxHash64(identities.join("\n")).toString(16);
  }
  return version;
}

const folder = (): string => cacheFolder("translations");

/** @param text What tells this stretch of text from all others. */
function pathOf(text: string): string {
  const key = Bun.hash.xxHash64(`${translatorVersion()} ${Bun.version} ${text}`);
  return join(folder(), key.toString(16).padStart(16, "0"));
}

/** What an earlier run has left for a stretch of text, if it is there and whole. */
export function loadTranslations(text: string): FrozenTables | undefined {
  if (!uses("kept")) return undefined;
  const path = pathOf(text);
  try {
    const file = readFileSync(path);
    // Tables of 8-byte numbers are used where they lie.
    const bytes = file.byteOffset % 8 === 0 ? file : new Uint8Array(file);
    const content = bytes.subarray(CHECKSUM);
    if (file.length <= CHECKSUM || file.readBigUInt64LE() !== Bun.hash.xxHash64(content)) return undefined;
    const now = new Date();
    // The time of a file tells when it was last of use: what was not for longest goes first.
    utimesSync(path, now, now);
    return unpackTables(content);
  } catch (error) {
    // The text is translated anew, whatever the reason; that it was never kept is none.
    if (!isErrnoException(error, "ENOENT")) noteTrouble(error);
    return undefined;
  }
}

/** Leaves translations to later runs, in one piece or not at all. */
export function saveTranslations(text: string, tables: FrozenTables): void {
  if (!uses("kept")) return;
  const path = pathOf(text);
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    const content = packTables(tables);
    const checksum = Buffer.alloc(CHECKSUM);
    checksum.writeBigUInt64LE(Bun.hash.xxHash64(content));
    writeFileSync(temporary, Buffer.concat([checksum, content]), { mode: 0o600 });
    renameSync(temporary, path);
    prune();
  } catch (error) {
    // Read-only, full: the next run translates anew, as this one has.
    noteTrouble(error);
    discard(temporary);
  }
}

/** Removes a file that could not be written, or not to its end. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    // Where nothing can be removed nothing was made either: what is no folder, or can't be written.
    noteTrouble(error);
  }
}

let trouble: string | undefined;

function noteTrouble(error: unknown): void {
  trouble ??= reasonOf(error);
}

/** Why translations could not be kept, or those that were kept could not be read, in this process: the first reason. */
export function translationTrouble(): string | undefined {
  return trouble;
}

/** Removes the files that were not used for longest, if there are too many bytes of them. */
function prune(): void {
  const files = readdirSync(folder()).flatMap((name) => {
    const path = join(folder(), name);
    // Another recording may have removed it meanwhile.
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [{ path, mtimeMs: stat.mtimeMs, size: stat.size }] : [];
  });
  let total = 0;
  for (const { path, size } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    if (total > MAX_BYTES) rmSync(path, { force: true });
  }
}
