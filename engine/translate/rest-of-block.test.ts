import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { decodeAll, plainCache, Text } from "./_fixtures.ts";
import type { Trap } from "./traps.ts";

const PC = 0x400000001000;

/** Flags that are dead from `cmp` on, behind which two moves stand before the branch. */
const LOOP = new Text()
  .put(PC, [0x48, 0x83, 0xc0, 0x01]) // add rax, 1
  .put(PC + 4, [0x48, 0x39, 0xd8]) // cmp rax, rbx
  .put(PC + 7, [0x48, 0x89, 0xc1]) // mov rcx, rax
  .put(PC + 10, [0x48, 0x89, 0xc2]) // mov rdx, rax
  .put(PC + 13, [0x75, 0xf1]) // jne PC
  .put(PC + 15, [0xc3]); // ret

/** The traps of the code from a cache address on. */
function trapsFrom(trapAt: (address: number) => Trap | undefined, start: number): Trap[] {
  return Array.from({ length: 200 }, (_, i) => trapAt(start + i)).flatMap((trap) => (trap ? [trap] : []));
}

test("a fragment counts the branch of its basic block where the whole basic block does, or not at all behind that", () => {
  for (const [index, { pc }] of decodeAll(LOOP, PC, 5).entries()) {
    const { cache } = plainCache(LOOP);
    const start = cache.restOfBlock({ origin: PC, pc, counted: undefined }, true);
    assert(start !== undefined);
    const traps = trapsFrom((address) => cache.trapAt(address), start);
    const polls = traps.flatMap((trap) => (trap.kind === "poll" ? [trap.pc - PC] : []));
    assertEquals(polls, index === 1 ? [4] : [], `instruction ${index}`);
    const stops = traps.flatMap((trap) => (trap.kind === "stop" ? [trap.at] : []));
    const next = (pcs: number[]) =>
      pcs.map((at) => ({
        origin: index === 4 ? at : PC,
        pc: at,
        counted: index >= 1 && index < 4 ? "tick" : undefined,
      }));
    assertEquals(
      stops,
      next(index === 4 ? [PC + 15, PC] : [[PC + 4, PC + 7, PC + 10, PC + 13][index]!]) as typeof stops,
    );
  }
});

test("code stops in front of the instructions that a debugger wants, and not at the one that it goes on from", () => {
  const { cache } = plainCache(LOOP, 1 << 20, undefined, new Set([PC + 7, PC + 13]));
  const stopsAt = (start: number | undefined) =>
    trapsFrom((address) => cache.trapAt(address), start!).flatMap((trap) =>
      trap.kind === "stop" ? [(trap.at?.pc ?? 0) - PC] : [],
    );
  assertEquals(
    [...new Set(stopsAt(cache.entry(PC)))].sort((a, b) => a - b),
    [7, 13],
  );
  const other = plainCache(LOOP, 1 << 20, undefined, new Set([PC + 7, PC + 13])).cache;
  const from = other.restOfBlock({ origin: PC, pc: PC + 7, counted: "tick" }, false);
  const [first] = trapsFrom((address) => other.trapAt(address), from!);
  assertEquals(first?.kind === "stop" && first.at, { origin: PC, pc: PC + 13, counted: "tick" });
});
