import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { Text } from "./_fixtures.ts";
import { CodeCache } from "./code-cache.ts";
import { MISS_STUB, STUBS_BASE, STUBS_SIZE, TABLE_ENTRIES } from "./context.ts";
import { hashOfPage } from "./decode.ts";
import { type FrozenTables, packTables, unpackTables } from "./frozen.ts";
import { IBL_NEXT, slotOf } from "./ibl-entry.ts";
import type { Region } from "./region.ts";
import { TextModule } from "./text-module.ts";
import { TICKS_ALONE } from "./traps.ts";

const PAGE = 4096;
/** A loop that calls a function in the next page; two pages behind, a function that nothing leads to directly. */
const LOOP = 0x400000001000;
const CALLED = LOOP + PAGE;
const APART = LOOP + 3 * PAGE;
const END = LOOP + 4 * PAGE;
/** Text of its own, where an indirect branch is looked up in the slot of {@link APART}. */
const OWN = APART + TABLE_ENTRIES;
const BASE = 0x400010000000;

function program(): Text {
  return new Text()
    .put(LOOP, [0xb9, 10, 0, 0, 0]) // mov ecx, 10
    .put(LOOP + 5, [0xe8, ...relative(LOOP + 10, CALLED)]) // call CALLED
    .put(LOOP + 10, [0xff, 0xc9, 0x75, 0xf7]) // dec ecx; jne LOOP + 5
    .put(LOOP + 14, [0x0f, 0x05, 0x0f, 0xa2]) // syscall; cpuid
    .put(LOOP + 18, [0xe9, ...relative(LOOP + 23, OWN)]) // jmp OWN: to other text
    .put(CALLED, [0x85, 0xc0, 0x74, 0x01, 0x90, 0xc3]) // test eax, eax; je + 1; nop; ret
    .put(APART, [0x31, 0xc0, 0xc3]) // xor eax, eax; ret
    .put(OWN, [0xc3]);
}

function relative(from: number, to: number): number[] {
  return [0, 8, 16, 24].map((shift) => ((to - from) >> shift) & 255);
}

function plainRegion(base: number, size: number): Region {
  const bytes = new Uint8Array(size);
  return { base, bytes, view: new DataView(bytes.buffer) };
}

function freshModule(tables?: FrozenTables): TextModule {
  const module = new TextModule(LOOP, END, plainRegion(BASE, 1 << 20));
  if (tables) assert(module.restore(unpackTables(packTables(tables))!));
  return module;
}

/** A cache space whose text is `text`, and who may use a module. */
function cacheSpaceOf(text: Text, module: TextModule): { cache: CodeCache; table: Uint32Array } {
  const table = new Uint32Array(2 * TABLE_ENTRIES);
  let regions = 0;
  const range = { start: LOOP, end: END };
  const cache = new CodeCache(
    {
      newRegion: (near) => plainRegion(near - (near % PAGE) - 0x2000000 - regions++ * (1 << 20), 1 << 20),
      fetchPage: text.fetch,
      textTranslated: () => {},
      notes: () => TICKS_ALONE,
      sharedText: (pc) => (pc >= LOOP && pc < END ? range : undefined),
      moduleAt: () => module,
      stopsAt: () => false,
      sameText: (_, pages) =>
        pages.every((page) => hashOfPage(text.fetch(page * PAGE)) === module.hash(page)),
    },
    table,
    plainRegion(STUBS_BASE, STUBS_SIZE),
  );
  cache.initialize();
  return { cache, table };
}

const inModule = (address: number | undefined): boolean =>
  address !== undefined && address >= BASE && address < BASE + (1 << 20);

function slot(table: Uint32Array, pc: number): number {
  return table[2 * slotOf(pc)]! + table[2 * slotOf(pc) + 1]! * 2 ** 32;
}

/** Translates the program, links what a run of it would, and leaves tables. */
function firstRun(): { module: TextModule; cache: CodeCache; tables: FrozenTables } {
  const module = freshModule();
  const { cache } = cacheSpaceOf(program(), module);
  cache.entry(LOOP);
  for (const pc of [LOOP + 10, APART]) cache.indirectTarget(pc);
  for (let address = BASE; address < BASE + PAGE; address++) {
    const trap = cache.trapAt(address);
    if (trap?.kind === "exit") cache.link(trap);
  }
  return { module, cache, tables: module.tables() };
}

test("a module is as it was left: entries, traps, positions, system calls, indirect branches", () => {
  const { cache: old, tables } = firstRun();
  const { cache, table } = cacheSpaceOf(program(), freshModule(tables));
  const pcs = [LOOP, LOOP + 10, LOOP + 5, CALLED, APART];
  for (const pc of pcs) assertEquals(cache.entry(pc), old.entry(pc));
  for (const pc of [LOOP + 10, APART]) assert(inModule(slot(table, pc)), "an indirect branch finds it");
  let traps = 0;
  for (let address = BASE; address < BASE + tables.code.length; address++) {
    assertEquals(cache.position(address), old.position(address), `0x${address.toString(16)}`);
    assertEquals(cache.syscallAt(address), old.syscallAt(address));
    const trap = old.trapAt(address);
    if (trap?.kind === "exit") continue;
    assertEquals(cache.trapAt(address), trap);
    if (trap) traps++;
  }
  assert(traps >= 3, `${traps} traps`);
});

test("what a module has of two runs is all there in the third", () => {
  const { tables } = firstRun();
  const second = freshModule(tables);
  const { cache } = cacheSpaceOf(program(), second);
  for (const pc of [1, 2, 3, 4]) cache.indirectTarget(APART + 16 * pc);
  assert(second.fresh > 0 && second.restored > 0);
  const third = freshModule(second.tables());
  const { cache: last } = cacheSpaceOf(program(), third);
  for (const pc of [LOOP, APART, APART + 32]) assertEquals(last.entry(pc), cache.entry(pc));
  for (let address = BASE; address < BASE + third.asm.cursor; address++) {
    assertEquals(last.position(address), cache.position(address), `0x${address.toString(16)}`);
  }
  assertEquals(third.fresh, 0, "nothing is new");
});

test("a module whose text is another one in a cache space, in whatever page, is not used there", () => {
  const { module, tables } = firstRun();
  for (const changed of [LOOP + 100, CALLED + 100, APART + 100]) {
    const { cache } = cacheSpaceOf(program().put(changed, [0x90]), freshModule(tables));
    for (const pc of [LOOP, CALLED, APART]) assert(!inModule(cache.entry(pc)));
    const { cache: shared } = cacheSpaceOf(program().put(changed, [0x90]), module);
    assert(!inModule(shared.entry(LOOP)));
  }
  const { cache } = cacheSpaceOf(program().put(LOOP + 2 * PAGE, [0x90]), freshModule(tables));
  assert(inModule(cache.entry(LOOP)), "a page that nothing is a translation of does not matter");
});

test("cache spaces share what one of them adds, unless the text that it is of is another one in theirs", () => {
  const module = freshModule();
  const first = cacheSpaceOf(program(), module);
  const second = cacheSpaceOf(program(), module);
  const third = cacheSpaceOf(program().put(APART, [0x31, 0xdb, 0xc3]), module);
  for (const { cache } of [first, second, third]) assert(inModule(cache.entry(LOOP)));
  first.cache.indirectTarget(APART);
  for (const { cache } of [second, third]) cache.update();
  assertEquals(slot(second.table, APART), slot(first.table, APART));
  assertEquals(slot(third.table, APART), MISS_STUB);
  assert(!inModule(third.cache.entry(LOOP)), "it has dropped the module");
  assertEquals(third.cache.drops, 1);
  assertEquals(second.cache.drops, 0);
});

test("a cache space whose text changes drops the module, and others go on with it", () => {
  const { module } = firstRun();
  const text = program();
  const changing = cacheSpaceOf(text, module);
  const other = cacheSpaceOf(program(), module);
  for (const { cache } of [changing, other]) cache.indirectTarget(APART);
  changing.cache.invalidate(LOOP + 2 * PAGE, LOOP + 3 * PAGE);
  assertEquals(changing.cache.drops, 0, "nothing was a translation of that page");
  text.put(APART, [0xc3]);
  changing.cache.invalidate(APART, END);
  assertEquals(changing.cache.drops, 1);
  assertEquals(slot(changing.table, APART), MISS_STUB);
  assert(!inModule(changing.cache.entry(APART)) && inModule(other.cache.entry(APART)));
  assert(inModule(slot(other.table, APART)));
});

test("nothing leads from a module to other text, or back, but by the lookup table", () => {
  const { module, cache } = firstRun();
  for (let address = BASE; address < BASE + module.asm.cursor; address++) {
    const trap = cache.trapAt(address);
    if (trap?.kind === "exit") assert(trap.target >= LOOP && trap.target < END);
  }
  assert(!inModule(cache.entry(OWN)));
  assertEquals(cache.drops, 0);
});

test("targets of a module and of a cache space's own in one slot of the table are told apart", () => {
  const module = freshModule();
  const { cache, table } = cacheSpaceOf(program(), module);
  cache.indirectTarget(APART);
  const alone = slot(table, APART);
  cache.indirectTarget(OWN);
  const dispatcher = slot(table, APART);
  assert(dispatcher >= STUBS_BASE && dispatcher < STUBS_BASE + STUBS_SIZE, "a dispatcher compares");
  cache.invalidate(OWN, OWN + 1);
  assertEquals(slot(table, APART), alone, "and goes when there is only one left");
});

test("a module that is full takes in nothing more: the cache space translates for itself", () => {
  const module = new TextModule(LOOP, END, plainRegion(BASE, 64));
  const { cache } = cacheSpaceOf(program(), module);
  assert(!inModule(cache.entry(LOOP)));
  assert(cache.indirectTarget(APART) !== undefined);
  assertEquals(module.restore(firstRun().tables), false, "what does not fit is not taken over");
});

test("unpackTables() refuses what is cut", () => {
  const whole = packTables(firstRun().tables);
  assert(unpackTables(whole));
  for (let length = 0; length < whole.length; length += 40) {
    assertEquals(unpackTables(whole.slice(0, length)), undefined, `${length} bytes`);
  }
});

test("the chain of a slot in a module ends at the miss stub, which is at one address in all cache spaces", () => {
  const module = freshModule();
  const { cache, table } = cacheSpaceOf(program(), module);
  cache.indirectTarget(APART);
  assertEquals(module.asm.getU64(slot(table, APART) + IBL_NEXT), MISS_STUB);
});
