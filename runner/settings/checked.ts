/**
 * Settings that were checked before. To read YAML and to check it takes longer than to record a short program, and every
 * command in a project with settings would pay for it: what a text came to is kept, by its contents, one file a project.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cacheRoot } from "../../engine/cache-folder.ts";
import { writeWhole } from "../files/mod.ts";
import { VERSION } from "../text/mod.ts";
import type { SettingsFile } from "./schema.ts";

/** A file of settings that was checked: what it came to, and the hash of the bytes that it was of. */
interface Checked {
  of: string;
  settings: SettingsFile;
}

const placeOf = (path: string): string =>
  join(cacheRoot(), "settings", `${new Bun.CryptoHasher("sha256").update(resolve(path)).digest("hex")}.json`);

/** Another version may take other keys. */
function hashOf(path: string): string | undefined {
  // What is no regular file is refused by whoever reads it for good.
  if (!statSync(path).isFile()) return undefined;
  return new Bun.CryptoHasher("sha256").update(VERSION).update(readFileSync(path)).digest("hex");
}

/** What a file came to when it was checked last; undefined where its bytes are others now, or nobody has. */
export function checkedBefore(path: string): SettingsFile | undefined {
  try {
    const hash = hashOf(path);
    const { of, settings }: Checked = JSON.parse(readFileSync(placeOf(path), "utf8"));
    return of === hash ? settings : undefined;
  } catch {
    return undefined; // nothing is kept, or it is damaged: the file is read
  }
}

/** Keeps what a file came to. */
export function keepChecked(path: string, settings: SettingsFile): void {
  const place = placeOf(path);
  try {
    const of = hashOf(path);
    if (of === undefined) return;
    mkdirSync(dirname(place), { recursive: true });
    // For its owner alone, whoever may read the settings: the address of a store may have a password.
    writeWhole(place, JSON.stringify({ of, settings } satisfies Checked), 0o600);
  } catch {
    // A cache that can't be written costs the next command its time, and nothing else.
  }
}
