import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { plainCache, Text, viewOf } from "./_fixtures.ts";
import type { CodeCache } from "./code-cache.ts";
import { TABLE_ENTRIES } from "./context.ts";
import { FRAGMENT_ROOM } from "./fragment.ts";
import type { Region } from "./region.ts";
import { type ExitTrap, type Noted, TICKS_ALONE, type Trap } from "./traps.ts";

const PC = 0x400000001000;

/** All traps of a cache with their addresses. */
function trapsOf(cache: CodeCache, regions: readonly Region[]): { address: number; trap: Trap }[] {
  return regions.flatMap(({ base, bytes }) =>
    Array.from(bytes, (_, offset) => ({ address: base + offset, trap: cache.trapAt(base + offset) })).flatMap(
      ({ address, trap }) => (trap ? [{ address, trap }] : []),
    ),
  );
}

/** Places of all ticks and back-jumps. */
function pollPlaces(cache: CodeCache, regions: readonly Region[]): string[] {
  const places = trapsOf(cache, regions).flatMap(({ trap }) =>
    trap.kind === "poll" ? [`${trap.counter} ${(trap.pc - PC).toString(16)}`] : [],
  );
  return [...new Set(places)].sort();
}

function exitTo(cache: CodeCache, regions: readonly Region[], target: number): ExitTrap {
  for (const { trap } of trapsOf(cache, regions)) {
    if (trap.kind === "exit" && trap.target === target) return trap;
  }
  throw new Error(`no exit to 0x${target.toString(16)}`);
}

/** Where the branch with the relative operand at `site` leads: through a far jump, if there is one. */
function leadsTo(regions: readonly Region[], site: number): number {
  const { region, offset } = viewOf(regions, site);
  const to = site + 4 + region.view.getInt32(offset, true);
  const at = viewOf(regions, to);
  if (at.region.bytes[at.offset] !== 0xff || at.region.bytes[at.offset + 1] !== 0x25) return to;
  return Number(at.region.view.getBigUint64(at.offset + 6, true));
}

/** IBL entries on the chain of a pc's table slot. */
function chain(regions: readonly Region[], table: Uint32Array, pc: number, end: number): number[] {
  const slot = pc % TABLE_ENTRIES;
  const found: number[] = [];
  let at = table[2 * slot]! + table[2 * slot + 1]! * 2 ** 32;
  for (; at !== end; ) {
    found.push(at);
    const { region, offset } = viewOf(regions, at);
    at = Number(region.view.getBigUint64(offset + 36, true));
  }
  return found;
}

/** Two nested loops, a call, a branch into the middle of a basic block, and flags that live across branches. */
const PROGRAM = new Text()
  .put(PC, [0xb9, 10, 0, 0, 0]) // mov ecx, 10
  .put(PC + 5, [0xba, 3, 0, 0, 0]) // 5: mov edx, 3
  .put(PC + 10, [0x83, 0xc0, 1]) // 10: add eax, 1
  .put(PC + 13, [0xff, 0xca, 0x75, 0xf9]) // 13: dec edx; jnz 10
  .put(PC + 17, [0x39, 0xc8, 0x7c, 0x05, 0x7f, 0xf0]) // cmp eax, ecx; jl 26; jg 7 (into the mov)
  .put(PC + 23, [0xe8, 0x14, 0, 0, 0]) // call 48
  .put(PC + 28, [0xff, 0xc9, 0x75, 0xe5]) // dec ecx; jnz 5
  .put(PC + 32, [0xeb, 0xde]) // jmp 0
  .put(PC + 48, [0x85, 0xc0, 0x74, 0xc1, 0xc3]); // 48: test eax, eax; je 24…; ret

test("ticks are placed alike in whatever order text is translated", () => {
  const entries = [0, 5, 7, 10, 17, 23, 26, 28, 32, 48].map((offset) => PC + offset);
  const translate = (order: readonly number[]): string[] => {
    const { cache, regions } = plainCache(PROGRAM);
    cache.initialize();
    for (const pc of order) cache.entry(pc);
    return pollPlaces(cache, regions);
  };
  const forward = translate(entries);
  assert(forward.length > 5);
  assertEquals(translate([...entries].reverse()), forward);
  const shuffled = entries.map((_, i) => entries[(i * 7 + 3) % entries.length]!);
  assertEquals(translate(shuffled), forward);
});

test("ticks stay in their places when text is translated anew", () => {
  const { cache, regions } = plainCache(PROGRAM);
  cache.initialize();
  cache.entry(PC);
  const before = pollPlaces(cache, regions);
  cache.invalidate(PC, PC + 4096);
  cache.entry(PC);
  assertEquals(pollPlaces(cache, regions), before);
});

test("regions that fill up are followed by others, and branches lead from one to the other", () => {
  const text = new Text();
  const count = 40;
  // Functions that call the next one.
  for (let i = 0; i < count; i++) text.put(PC + 4096 * i, [0xe8, 0xfb, 0x0f, 0, 0, 0xc3]);
  const { cache, regions } = plainCache(text, FRAGMENT_ROOM + 600);
  cache.initialize();
  cache.entry(PC);
  for (let i = 1; i < count; i++) {
    const exit = exitTo(cache, regions, PC + 4096 * i);
    assertEquals(cache.link(exit), exit.stub + 1, "the task goes on where its branch leads from now on");
    assertEquals(leadsTo(regions, exit.site), cache.entry(exit.target));
  }
  assert(regions.length > 2, `${regions.length} regions`);
});

test("branches to changed text lead to its new translation after the first of them", () => {
  const text = new Text();
  const target = PC + 8192;
  const callers = [PC, PC + 16, PC + 32];
  for (const pc of callers) text.put(pc, [0x0f, 0x85, ...int32(target - pc - 6)]); // jne target
  text.put(target, [0x90, 0xc3]);
  const { cache, regions } = plainCache(text);
  cache.initialize();
  for (const pc of callers) cache.entry(pc);
  const exits = trapsOf(cache, regions).flatMap(({ trap }) =>
    trap.kind === "exit" && trap.target === target ? [trap] : [],
  );
  assertEquals(exits.length, callers.length);
  for (const exit of exits) cache.link(exit);
  for (let round = 0; round < 3; round++) {
    const old = cache.entry(target)!;
    cache.invalidate(target, target + 1);
    assertEquals(cache.trapAt(old), { kind: "dead", target });
    const entry = cache.revive(target, old)!;
    assert(entry !== old);
    assertEquals(
      exits.map(({ site }) => leadsTo(regions, site)),
      exits.map(() => entry),
    );
  }
});

test("changed text leaves the chains of indirect branches", () => {
  const text = new Text();
  // Three functions in one slot of the table.
  const targets = [0, 1, 2].map((i) => PC + i * TABLE_ENTRIES);
  for (const pc of targets) text.put(pc, [0xc3]);
  const { cache, regions, table } = plainCache(text);
  cache.initialize();
  const empty = table[0]! + table[1]! * 2 ** 32;
  for (const pc of targets) cache.indirectTarget(pc);
  assertEquals(chain(regions, table, PC, empty).length, 3);
  cache.invalidate(targets[1]!, targets[1]! + 1);
  assertEquals(chain(regions, table, PC, empty).length, 2);
  cache.invalidate(targets[2]!, targets[2]! + 1);
  cache.invalidate(targets[0]!, targets[0]! + 1);
  assertEquals(chain(regions, table, PC, empty).length, 0);
  cache.indirectTarget(targets[1]!);
  assertEquals(chain(regions, table, PC, empty).length, 1);
});

test("an instruction whose data is out of reach is a trap, and no failure", () => {
  const text = new Text().put(PC, [0x48, 0x8b, 0x05, 0, 0, 0, 0x80, 0xc3]); // mov rax, [rip - 2^31]
  const far = new Text().put(PC, [0x48, 0x8b, 0x05, 0xff, 0xff, 0xff, 0x7f, 0xc3]); // mov rax, [rip + 2^31 - 1]
  for (const [program, traps] of [
    [text, false],
    [far, true],
  ] as const) {
    const { cache, regions } = plainCache(program);
    cache.initialize();
    cache.entry(PC);
    const unsupported = trapsOf(cache, regions).some(
      ({ trap }) => trap.kind === "instruction" && trap.action === "unsupported",
    );
    assertEquals(unsupported, traps);
  }
});

test("a count that was interrupted after its load starts once more", () => {
  const { cache, regions } = plainCache(new Text().put(PC, [0x75, 0x10, 0xc3])); // jne
  cache.initialize();
  const entry = cache.entry(PC)!;
  const { region, offset } = viewOf(regions, entry);
  assertEquals([...region.bytes.subarray(offset, offset + 4)], [0x48, 0x89, 0x0c, 0x25], "rcx is spilled");
  const load = entry + 8;
  assertEquals(cache.resumption(load), load);
  assertEquals(cache.resumption(load + 7), load, "loaded");
  assertEquals(cache.resumption(load + 10), load, "decremented");
  assertEquals(cache.resumption(load + 17), load + 17, "stored");
});

test("literals are aligned: the program may have the AC flag set", () => {
  const { cache, regions } = plainCache(PROGRAM);
  cache.initialize();
  cache.entry(PC);
  for (const { trap } of trapsOf(cache, regions)) {
    if (trap.kind === "exit") assertEquals((trap.stub + 7) % 8, 0);
  }
});

function int32(value: number): number[] {
  return [value, value >> 8, value >> 16, value >> 24].map((byte) => byte & 255);
}

test("the edges of elided sections are told where that is wished, and ticks stay in their places", () => {
  const text = new Text().put(PC, [
    ...[0xf2, 0xf0, 0x87, 0x07], // xacquire lock xchg [rdi], eax
    ...[0x85, 0xc0], // test eax, eax
    ...[0x75, 0x02], // jne +2
    ...[0x90, 0x90],
    ...[0xf3, 0xc7, 0x07, 0, 0, 0, 0], // xrelease mov dword [rdi], 0
  ]);
  const edges = (notes: Noted) => {
    const { cache, regions } = plainCache(text, 1 << 20, notes);
    cache.initialize();
    cache.entry(PC);
    const traps = trapsOf(cache, regions);
    return {
      edges: traps.flatMap(({ trap }) => (trap.kind === "elision" ? [trap.edge] : [])),
      polls: pollPlaces(cache, regions),
    };
  };
  const [noted, plain, locks] = [
    edges({ traps: "elisions", retired: false }),
    edges(TICKS_ALONE),
    edges({ traps: "locks", retired: false }),
  ];
  assertEquals(noted.edges, ["acquire", "release"]);
  assertEquals(plain.edges, []);
  assertEquals(locks.edges, ["lock"]);
  assertEquals(noted.polls, plain.polls);
  assertEquals(locks.polls, plain.polls);
});
