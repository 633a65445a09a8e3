import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { FrozenTables } from "../translate/frozen.ts";
import { loadTranslations, saveTranslations, translationTrouble } from "./translation-store.ts";

let cache = "";
let before: string | undefined;

beforeAll(() => {
  before = process.env.XDG_CACHE_HOME;
  cache = mkdtempSync(join(tmpdir(), "tickproof-translations-"));
  process.env.XDG_CACHE_HOME = cache;
});

afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(cache, { recursive: true });
});

function sample(): FrozenTables {
  const numbers = (...values: number[]) => Uint32Array.from(values);
  return {
    hashes: BigUint64Array.of(2n ** 64n - 1n),
    pages: numbers(7),
    entryPc: numbers(1, 2, 3),
    entryAt: numbers(10, 20, 30),
    trapAt: numbers(),
    trapA: numbers(),
    trapB: numbers(),
    trapC: numbers(),
    syscallAt: numbers(),
    syscallPc: numbers(),
    syscallNext: numbers(),
    iblEntryPc: numbers(2 ** 32 - 1),
    iblEntryAt: numbers(0),
    headSlot: numbers(),
    headAt: numbers(),
    fragmentAt: numbers(),
    fragmentEnd: numbers(),
    fragmentPc: numbers(),
    fragmentInfo: numbers(),
    translationInfo: Uint8Array.of(1, 2, 3),
    names: Buffer.from("cpuid"),
    code: Uint8Array.of(0x90, 0xcc),
  };
}

/** What was loaded, in plain numbers: the tables are windows of one buffer. */
function plain(tables: FrozenTables | undefined): unknown {
  return tables && Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, [...table]]));
}

/** Files in the store. */
function files(): string[] {
  const folder = join(cache, "tickproof/translations");
  return readdirSync(folder).map((name) => join(folder, name));
}

test("translations come back as they were saved, for the same text alone", () => {
  assertEquals(loadTranslations("a"), undefined);
  saveTranslations("a", sample());
  assertEquals(plain(loadTranslations("a")), plain(sample()));
  assertEquals(statSync(files()[0]!).mode & 0o777, 0o600);
  assertEquals(loadTranslations("b"), undefined);
});

test("a file that is damaged or cut anywhere is as good as none", () => {
  saveTranslations("a", sample());
  const [file = ""] = files();
  const whole = readFileSync(file);
  for (let i = 0; i < whole.length; i += 3) {
    const damaged = Buffer.from(whole);
    damaged[i]! ^= 0x40;
    writeFileSync(file, damaged);
    assertEquals(loadTranslations("a"), undefined, `byte ${i}`);
    writeFileSync(file, whole.subarray(0, i));
    assertEquals(loadTranslations("a"), undefined, `cut at ${i}`);
  }
  writeFileSync(file, whole);
  assert(loadTranslations("a"));
});

test("a file that was of use is younger than one that was not: it goes later", () => {
  for (const text of ["a", "b"]) saveTranslations(text, sample());
  const old = new Date("2020-01-01");
  for (const file of files()) utimesSync(file, old, old);
  loadTranslations("b");
  const ages = files().map((file) => statSync(file).mtimeMs === old.getTime());
  assertEquals(ages.filter((isOld) => isOld).length, 1);
});

test("TICKPROOF_NO=kept neither loads nor saves", () => {
  process.env.TICKPROOF_NO = "kept";
  try {
    assertEquals(loadTranslations("a"), undefined);
    saveTranslations("c", sample());
  } finally {
    delete process.env.TICKPROOF_NO;
  }
  assert(loadTranslations("a"));
  assertEquals(loadTranslations("c"), undefined);
});

test("why translations can't be kept is known afterwards, and that there are none yet is no reason", () => {
  assertEquals(loadTranslations("never saved"), undefined);
  assertEquals(translationTrouble(), undefined);
  writeFileSync(join(cache, "file"), "");
  process.env.XDG_CACHE_HOME = join(cache, "file");
  try {
    saveTranslations("a", sample());
  } finally {
    process.env.XDG_CACHE_HOME = cache;
  }
  assertStringIncludes(translationTrouble() ?? "", "ENOTDIR");
});
