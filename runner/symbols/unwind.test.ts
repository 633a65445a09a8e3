/** Unwind information that is damaged: it may come with a trace from anyone. Whole stacks: `engines/crash.test.ts`. */
import { afterAll, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertExists } from "@std/assert";
import { ElfFile } from "./elf.ts";
import { rulesAt } from "./frame-rules.ts";
import { unwind } from "./unwind.ts";

const folder = mkdtempSync(join(tmpdir(), "tickproof-unwind-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "program");
copyFileSync("/bin/sh", path);

/** Addresses of the file that have rules. */
function known(elf: ElfFile): number[] {
  const found: number[] = [];
  for (let at = 0; at < readFileSync(path).length; at += 256) {
    const address = elf.addressOf(at);
    if (address !== undefined && rulesAt(elf, address) !== undefined) found.push(address);
  }
  return found;
}

test("rulesAt() has rules for the text of a stripped program, and none beside it", () => {
  const elf = ElfFile.open(path);
  assertExists(elf);
  const addresses = known(elf);
  assert(addresses.length > 50, `${addresses.length}`);
  const rules = rulesAt(elf, addresses[10] ?? 0);
  assertEquals(rules?.registers.get(16), { kind: "offset", offset: -8 });
  assertEquals(rulesAt(elf, 0), undefined);
});

test("rulesAt() ends, and throws nothing, whatever bytes of the unwind information are wrong", () => {
  const elf = ElfFile.open(path);
  assertExists(elf);
  const addresses = known(elf).slice(0, 40);
  const table = elf.unwindTable ?? 0;
  const bytes = readFileSync(path);
  const at =
    Array.from({ length: bytes.length }, (_, i) => i).find((byte) => elf.addressOf(byte) === table) ?? 0;
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 60; round++) {
    const wrong = Buffer.from(bytes);
    for (let i = 0; i < 400; i++) wrong[at + random(wrong.length - at)] = random(256);
    const copy = join(folder, `wrong-${round}`);
    writeFileSync(copy, round % 7 === 0 ? wrong.subarray(0, at + 40) : wrong);
    const damaged = ElfFile.open(copy);
    if (damaged) for (const address of addresses) rulesAt(damaged, address);
    rmSync(copy);
  }
});

test("unwind() ends at a stack that leads in a circle, and at what is not mapped", () => {
  const registers = { rip: 0x1000n, rsp: 0x8000n, rbp: 0x8000n };
  const circle = unwind({ registers, text: [], read: () => 0x8000n }, 100);
  assert(circle.length < 100);
  assertEquals(unwind({ registers, text: [], read: () => undefined }, 100), [{ pc: 0x1000n, called: false }]);
});
