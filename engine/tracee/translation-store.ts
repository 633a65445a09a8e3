/**
 * Translations that are kept from one run of a program to the next, as files in the user's cache folder. Most of
 * what a short program costs is its translation; with them it starts three times as fast.
 *
 * Exactness does not depend on them: a file with a wrong checksum, or of another version of the translator, is as good
 * as none, and translations come to life only where the program's text is what they were made of, byte by byte.
 * Like the programs that the runner compiles there, they are code that the user's own account may change.
 */
import { deserialize, serialize } from "bun:jsc";
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
import { uses } from "../optimisations.ts";
import type { Snapshot } from "../translate/snapshot.ts";

/** Bytes of all programs' translations together: one or two million are usual for one, 30 million for a compiler. */
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

/** Translations of one program at one place in memory. */
export class TranslationStore {
  readonly #path: string;

  /**
   * @param program Path of the program.
   * @param base Address of the first region of its code cache.
   */
  constructor(program: string, base: number) {
    const key = `${translatorVersion()} ${Bun.version} ${base} ${program}`;
    this.#path = join(folder(), Bun.hash.xxHash64(key).toString(16).padStart(16, "0"));
  }

  /** What an earlier run has left, if it is there and whole. */
  load(): Snapshot | undefined {
    if (!uses("kept")) return undefined;
    try {
      const file = readFileSync(this.#path);
      const content = file.subarray(CHECKSUM);
      if (file.length <= CHECKSUM || file.readBigUInt64LE() !== Bun.hash.xxHash64(content)) return undefined;
      const now = new Date();
      // The time of a file tells when it was last of use: what was not for longest goes first.
      utimesSync(this.#path, now, now);
      return deserialize(content) as Snapshot;
    } catch {
      // Any reason will do (no such file, no permission): the program is translated anew.
      return undefined;
    }
  }

  /** Drops what an earlier run has left. */
  forget(): void {
    rmSync(this.#path, { force: true });
  }

  /** Leaves translations to later runs, in one piece or not at all. */
  save(snapshot: Snapshot): void {
    if (!uses("kept")) return;
    const temporary = `${this.#path}.${process.pid}`;
    try {
      mkdirSync(folder(), { recursive: true, mode: 0o700 });
      const content = new Uint8Array(serialize(snapshot));
      const checksum = Buffer.alloc(CHECKSUM);
      checksum.writeBigUInt64LE(Bun.hash.xxHash64(content));
      writeFileSync(temporary, Buffer.concat([checksum, content]), { mode: 0o600 });
      renameSync(temporary, this.#path);
      prune();
    } catch {
      // Any reason will do (read-only, full): the next run translates anew, as this one has.
      rmSync(temporary, { force: true });
    }
  }
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
