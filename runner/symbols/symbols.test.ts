import { afterAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertExists } from "@std/assert";
import { findCompiler } from "../programs/compiler.ts";
import { ElfFile } from "./elf.ts";
import { placeText, symbolize, symbolizeInlined } from "./mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tickproof-symbols-"));
const SOURCE = join(folder, "named.c");
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(SOURCE, "int answer(int a)\n{\n\treturn a * 42;\n}\nint main(void) { return answer(0); }\n");

/** Compiles the source, and finds where `answer` is in the file. */
function built(...flags: string[]): { path: string; offset: number } {
  const path = join(folder, `named${flags.join("")}`);
  const { exitCode } = Bun.spawnSync([...findCompiler().command, "-O0", ...flags, "-o", path, SOURCE]);
  assertEquals(exitCode, 0);
  const elf = ElfFile.open(path);
  assertExists(elf);
  const size = readFileSync(path).length;
  const offset = Array.from({ length: size }, (_, i) => i).find((byte) => {
    const address = elf.addressOf(byte);
    return address !== undefined && elf.functionAt(address)?.name === "answer";
  });
  return { path, offset: offset ?? -1 };
}

test("symbolize() names the function from symbol tables alone, and module and offset where there is nothing", () => {
  const { path, offset } = built("-g0");
  assert(offset > 0);
  const [place, beyond] = symbolize([
    { path, offset },
    { path, offset: 1 << 30 },
  ]);
  assertExists(place);
  assertExists(beyond);
  assertEquals(placeText(place), "answer (named-g0)");
  assertEquals(placeText(beyond), "named-g0+0x40000000");
});

const addr2line = Bun.which("addr2line") ?? Bun.which("llvm-addr2line");
const withLines = addr2line === null ? test.skip : test;
const without = addr2line === null ? " (skipped: this host has no addr2line)" : "";
withLines(`symbolize() has the line of the source where debug information does${without}`, () => {
  const { path, offset } = built("-g");
  const [place] = symbolize([{ path: "/gone/named", offset, stored: path }]);
  assertExists(place);
  assertEquals(placeText(place), "answer at named.c:2");
});

withLines(`symbolizeInlined() has each function that is inlined at a place${without}`, () => {
  const source = join(folder, "inlined.c");
  writeFileSync(
    source,
    "static inline __attribute__((always_inline)) int inner(int *a)\n{\n\treturn *a / 3;\n}\n" +
      "static inline __attribute__((always_inline)) int outer(int *a)\n{\n\treturn inner(a) + 1;\n}\n" +
      "int main(int argc, char **argv)\n{\n\treturn argv ? outer(&argc) : 7;\n}\n",
  );
  const path = join(folder, "inlined");
  const command = [...findCompiler().command, "-O2", "-g", "-o", path, source];
  assertEquals(Bun.spawnSync(command).exitCode, 0);
  const elf = ElfFile.open(path);
  const offsets = Array.from({ length: readFileSync(path).length }, (_, i) => i).filter((byte) => {
    const address = elf?.addressOf(byte);
    return address !== undefined && elf?.functionAt(address)?.name === "main";
  });
  const all = symbolizeInlined(offsets.map((offset) => ({ path, offset })));
  const deepest = all.toSorted((a, b) => b.length - a.length)[0] ?? [];
  assertEquals(deepest.map(placeText), [
    "inner at inlined.c:3",
    "outer at inlined.c:7",
    "main at inlined.c:11",
  ]);
});

test("ElfFile takes nothing on trust: any byte of its headers may lie", () => {
  const { path } = built("-g0");
  const whole = readFileSync(path);
  const sections = Number(whole.readBigUInt64LE(40));
  const forged = join(folder, "forged");
  const lies = [...Array(64).keys(), ...Array.from({ length: 512 }, (_, i) => sections + i * 3)];
  for (const at of lies.filter((byte) => byte < whole.length)) {
    const copy = Buffer.from(whole);
    copy[at] = 0xff;
    writeFileSync(forged, copy);
    const elf = ElfFile.open(forged);
    const found = elf?.functionAt(elf.addressOf(0x1000) ?? 0)?.name;
    assert(found === undefined || typeof found === "string");
  }
  writeFileSync(forged, whole.subarray(0, 100));
  assertEquals(ElfFile.open(forged)?.functionAt(0x1000), undefined, "cut off");
  assertEquals(ElfFile.open(folder), undefined, "a folder");
});
