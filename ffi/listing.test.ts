import { expect, test } from "bun:test";
import {
  Code,
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  type Instruction,
  OpKind,
} from "iced-x86";
import { encodeListing, type Listing, parseListing } from "./listing.ts";
import { CONTROL_LISTING } from "./stubs/control.ts";
import { CPU_LISTING } from "./stubs/cpu.ts";
import { EMPTY_LISTING } from "./stubs/empty.ts";
import { PAGE_TIME_LISTING } from "./stubs/page_time.ts";
import { SPAWN_LISTING } from "./stubs/spawn.ts";
import { STRAIGHT_RUN_LISTINGS } from "./stubs/straight_run.ts";
import { SYSCALL_LISTING } from "./stubs/syscall.ts";
import { USER_READ_LISTING } from "./stubs/user_read.ts";

/** The assembly of an instruction in the notation of a listing: labels for places, names for literals. */
function disassemble(formatter: Formatter, instruction: Instruction, listing: Listing): string {
  const labelAt = (target: bigint) => [...listing.labels].find(([, at]) => BigInt(at) === target)?.[0];
  const text = formatter.format(instruction);
  const literal = listing.literals.find(
    ({ offset }) => BigInt(offset) >= instruction.ip && BigInt(offset) < instruction.nextIP,
  );
  if (literal !== undefined) return text.replace(/\b0$/, `{${literal.name}}`);
  if (instruction.op0Kind === OpKind.NearBranch64) {
    return text.replace(/\S+$/, String(labelAt(instruction.nearBranchTarget)));
  }
  if (instruction.isIpRelMemoryOperand) {
    return text.replace(/\[.*\]/, `[${labelAt(instruction.ipRelMemoryAddress)}]`);
  }
  return text;
}

test.each([
  ["syscall", SYSCALL_LISTING],
  ["cpu", CPU_LISTING],
  ["spawn", SPAWN_LISTING],
  ["page_time", PAGE_TIME_LISTING],
  ["empty", EMPTY_LISTING],
  ["control", CONTROL_LISTING],
  ["user_read", USER_READ_LISTING],
  ...Object.entries(STRAIGHT_RUN_LISTINGS),
])("the assembly of listing %s is what its bytes mean", (_name, source) => {
  const listing = parseListing(source);
  const zeros = Object.fromEntries(listing.literals.map(({ name }) => [name, 0]));
  const decoder = new Decoder(64, encodeListing(listing, zeros), DecoderOptions.None);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  formatter.hexPrefix = "0x";
  formatter.hexSuffix = "";
  formatter.uppercaseHex = false;
  formatter.spaceAfterOperandSeparator = true;
  formatter.showBranchSize = false;
  for (const line of listing.lines) {
    const instruction = decoder.decode();
    expect(instruction.code).not.toBe(Code.INVALID);
    expect(instruction.length).toBe(line.bytes.length);
    expect(disassemble(formatter, instruction, listing)).toBe(line.text.trim());
  }
});

test("parseListing() finds labels, literals and bytes", () => {
  const listing = parseListing("start:\n  90   nop\nend: ; here\n  49 b8 {x}   mov r8, {x} ; filled in\n");
  expect([...listing.labels]).toEqual([
    ["start", 0],
    ["end", 1],
  ]);
  expect(listing.size).toBe(11);
  expect([...encodeListing(listing, { x: 0x1122 })]).toEqual([
    0x90, 0x49, 0xb8, 0x22, 0x11, 0, 0, 0, 0, 0, 0,
  ]);
});

test("parseListing() throws SyntaxError for a line without assembly", () => {
  expect(() => parseListing("  90")).toThrow(SyntaxError);
  expect(() => parseListing("  9x   nop")).toThrow(SyntaxError);
});

test("encodeListing() throws ReferenceError for a literal without a value", () => {
  expect(() => encodeListing(parseListing("  49 b8 {x}   mov r8, {x}"))).toThrow(ReferenceError);
});
