import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import type { Snapshot } from "../translate/snapshot.ts";
import { TranslationStore } from "./translation-store.ts";

const BASE = 0x7fffc0000000;
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

const rows = (...data: number[]) => ({
  width: 1,
  data: Float64Array.from(data),
  starts: Float64Array.of(0, data.length),
});

function sample(): Snapshot {
  return {
    regions: [{ base: BASE, bytes: Uint8Array.of(0x90, 0xcc) }],
    pages: rows(1),
    hashes: BigUint64Array.of(2n ** 64n - 1n),
    units: rows(1),
    segments: Float64Array.of(2 ** 47),
    marks: Float64Array.of(1, 2, 3),
    traps: rows(),
    syscalls: rows(),
    checked: rows(),
    links: rows(),
    names: ["cpuid"],
  };
}

/** The only file in the store. */
function file(): string {
  const folder = join(cache, "tickproof/translations");
  const names = readdirSync(folder);
  assertEquals(names.length, 1);
  return join(folder, names[0]!);
}

test("TranslationStore gives back what was saved, for the same program at the same place alone", () => {
  const store = new TranslationStore("/bin/a", BASE);
  assertEquals(store.load(), undefined);
  store.save(sample());
  assertEquals(store.load(), sample());
  assertEquals(statSync(file()).mode & 0o777, 0o600);
  assertEquals(new TranslationStore("/bin/b", BASE).load(), undefined);
  assertEquals(new TranslationStore("/bin/a", BASE + 4096).load(), undefined);
});

test("TranslationStore ignores a file that is damaged or cut anywhere", () => {
  const store = new TranslationStore("/bin/a", BASE);
  store.save(sample());
  const path = file();
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x10;
    writeFileSync(path, damaged);
    assertEquals(store.load(), undefined, `byte ${at}`);
    writeFileSync(path, whole.subarray(0, at));
    assertEquals(store.load(), undefined, `${at} bytes`);
  }
  writeFileSync(path, whole);
  assert(store.load() !== undefined);
});

test("TranslationStore.forget() drops what was saved", () => {
  const store = new TranslationStore("/bin/a", BASE);
  store.save(sample());
  store.forget();
  store.forget();
  assertEquals(store.load(), undefined);
});
