import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { fullDecode } from "./full-decode.ts";
import { type Decoded, Kind } from "./instruction.ts";
import { quickDecode } from "./quick-decode.ts";

const PC = 0x555555000000;

/** What tells translations apart, as one string; cheaper to compare than objects. */
function summary(d: Decoded): string {
  return `length ${d.length} kind ${Kind[d.kind]} name ${d.name} reads ${d.flagsRead} writes ${d.flagsWritten} to ${d.target} rip ${d.displacement} condition ${d.condition} elided ${d.elidedPrefix} x87 ${d.tellsX87} faults ${d.flagsWritten !== 0 && d.mayFault}`;
}

/** Compares both decoders at one place. @returns Whether the quick one knew the instruction. */
function agree(text: Uint8Array, offset: number): boolean {
  const quick = quickDecode(text, offset, PC + offset);
  if (quick === undefined) return false;
  const full = fullDecode(text, offset, PC + offset);
  // What is no instruction may pass: the processor is asked in any case.
  if (full?.kind === Kind.Invalid && quick.kind === Kind.Plain) return true;
  const hex = () => Buffer.from(text.subarray(offset, offset + 15)).toString("hex");
  if (full === undefined || summary(quick) !== summary(full)) {
    assertEquals(summary(quick), full && summary(full), hex());
  }
  return true;
}

/** Forms of the bytes behind an opcode: with operands in memory of each length, and in registers. */
function tails(): number[][] {
  const rest = [0x24, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const noBase = [0x25, ...rest.slice(1)];
  return Array.from({ length: 256 }, (_, modrm) => [modrm, ...rest]).concat([
    [0x04, ...noBase],
    [0x0c, ...noBase],
    [0x44, ...noBase],
    [0x84, ...noBase],
  ]);
}

function compareAll(heads: readonly (readonly number[])[]): number {
  const text = new Uint8Array(24);
  const ends = tails();
  let known = 0;
  for (const head of heads) {
    text.set(head);
    for (const end of ends) {
      text.set(end, head.length);
      if (agree(text, 0)) known++;
    }
  }
  return known;
}

const opcodes = Array.from({ length: 256 }, (_, opcode) => opcode);

test("quickDecode() agrees with iced on all one-byte and two-byte opcodes, whatever stands before them", () => {
  const prefixes = [
    [],
    [0x66],
    [0xf3],
    [0xf2],
    [0xf0],
    [0x64],
    [0x3e],
    [0x48],
    [0x66, 0x48],
    [0xf3, 0x48],
    [0xf2, 0x4c],
  ];
  for (const prefix of [
    ...prefixes,
    [0x41],
    [0xf0, 0x48],
    [0x66, 0xf3],
    [0xf2, 0xf0],
    [0x48, 0x66],
    [0x67],
  ]) {
    const known = compareAll(
      opcodes.flatMap((opcode) => [
        [...prefix, opcode],
        [...prefix, 0x0f, opcode],
      ]),
    );
    assert(known >= 0);
  }
});

test("quickDecode() agrees with iced on all opcodes behind 0f 38 and 0f 3a", () => {
  for (const second of [0x38, 0x3a]) {
    for (const prefix of [[], [0x66], [0x66, 0x48], [0xf2], [0xf3]]) {
      compareAll(opcodes.map((opcode) => [...prefix, 0x0f, second, opcode]));
    }
    assert(compareAll([[0x66, 0x0f, second, 0x0f]]) > 0);
  }
});

test("quickDecode() agrees with iced on VEX and EVEX instructions", () => {
  for (const pp of [0, 1, 2, 3]) {
    for (const rest of [0x78, 0xfc, 0x44]) {
      compareAll(opcodes.map((opcode) => [0xc5, 0x80 | rest | pp, opcode]));
      for (const map of [0, 1, 2, 3, 4, 5]) {
        compareAll(opcodes.map((opcode) => [0xc4, 0xe0 | map, rest | pp, opcode]));
        compareAll(opcodes.map((opcode) => [0x62, 0xf0 | map, rest | 4 | pp, 0x28, opcode]));
      }
    }
  }
  assert(
    compareAll([
      [0xc5, 0xfd, 0x6f],
      [0x62, 0xf1, 0xfe, 0x48, 0x6f],
    ]) > 400,
  );
});

test("quickDecode() agrees with iced on noise, and gives up where the text ends", () => {
  let state = 99;
  const noise = Uint8Array.from({ length: 1 << 20 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return state >>> 16;
  });
  let known = 0;
  for (let offset = 0; offset < noise.length; offset++) if (agree(noise, offset)) known++;
  assert(known > noise.length / 4);
  const cut = Uint8Array.of(0x48, 0x8b, 0x05, 1, 2, 3);
  for (let length = 0; length <= cut.length; length++)
    assertEquals(quickDecode(cut.subarray(0, length), 0, PC), undefined);
});

test("quickDecode() knows nearly all instructions of a real program, and agrees with iced on them", () => {
  const text = new Uint8Array(readFileSync("/proc/self/exe").subarray(0x2000000, 0x2400000));
  let known = 0;
  let all = 0;
  for (let offset = 0; offset < text.length - 15; all++) {
    if (agree(text, offset)) known++;
    offset += Math.max(1, fullDecode(text, offset, PC + offset)?.length ?? 1);
  }
  assert(known > 0.98 * all, `${known} of ${all}`);
});
