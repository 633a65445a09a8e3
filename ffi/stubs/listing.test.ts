import { expect, test } from "bun:test";
import { compareColumns } from "./_disassembly.ts";
import { CONTROL_LISTING } from "./control.ts";
import { CPU_LISTING } from "./cpu.ts";
import { EMPTY_LISTING } from "./empty.ts";
import { encodeListing, parseListing } from "./listing.ts";
import { PAGE_TIME_LISTING } from "./page-time.ts";
import { SPAWN_LISTING } from "./spawn.ts";
import { STRAIGHT_RUN_LISTINGS } from "./straight-run.ts";
import { SYSCALL_LISTING } from "./syscall.ts";
import { USER_READ_LISTING } from "./user-read.ts";

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
  compareColumns(source, (meaning, text) => expect(meaning).toBe(text));
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
