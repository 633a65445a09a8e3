import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { plainCache, Text } from "./_fixtures.ts";
import type { CodeCache, Region } from "./code-cache.ts";
import type { Snapshot } from "./snapshot.ts";

const PAGE = 4096;
/** A loop that calls a function in the next page; two pages behind, a function that nothing leads to directly. */
const LOOP = 0x400000001000;
const CALLED = LOOP + PAGE;
const APART = LOOP + 3 * PAGE;

function program(): Text {
  return new Text()
    .put(LOOP, [0xb9, 10, 0, 0, 0]) // mov ecx, 10
    .put(LOOP + 5, [0xe8, ...relative(LOOP + 10, CALLED)]) // call CALLED
    .put(LOOP + 10, [0xff, 0xc9, 0x75, 0xf7]) // dec ecx; jne LOOP + 5
    .put(LOOP + 14, [0x0f, 0x05, 0x0f, 0xa2, 0xc3]) // syscall; cpuid; ret
    .put(CALLED, [0x85, 0xc0, 0x74, 0x01, 0x90, 0xc3]) // test eax, eax; je + 1; nop; ret
    .put(APART, [0x31, 0xc0, 0xc3]); // xor eax, eax; ret
}

function relative(from: number, to: number): number[] {
  return [0, 8, 16, 24].map((shift) => ((to - from) >> shift) & 255);
}

function cacheOf(text: Text): { cache: CodeCache; regions: Region[]; table: Uint32Array } {
  const made = plainCache(text);
  made.cache.initialize(LOOP);
  return made;
}

/** Translates the program, links what a run of it would, and makes a snapshot. */
function firstRun(): { cache: CodeCache; regions: Region[]; table: Uint32Array; snapshot: Snapshot } {
  const made = cacheOf(program());
  const { cache } = made;
  cache.entry(LOOP);
  for (const pc of [LOOP + 10, APART]) cache.indirectTarget(pc);
  for (let address = made.regions[0]!.base; address < made.regions[0]!.base + PAGE; address++) {
    const trap = cache.trapAt(address);
    if (trap?.kind === "exit") cache.link(trap);
  }
  const snapshot = cache.snapshot();
  assert(snapshot !== undefined && snapshot !== "outdated");
  return { ...made, snapshot };
}

function secondRun(text: Text, snapshot: Snapshot): { cache: CodeCache; table: Uint32Array } {
  const made = cacheOf(text);
  assert(made.cache.restore(structuredClone(snapshot)));
  return made;
}

test("restore() brings translations back where they were, with all that is known of them", () => {
  const { cache: old, regions, table: oldTable, snapshot } = firstRun();
  const { cache, table } = secondRun(program(), snapshot);
  for (const pc of [LOOP, LOOP + 10, LOOP + 5, CALLED, APART]) assertEquals(cache.entry(pc), old.entry(pc));
  for (const pc of [LOOP + 10, APART]) {
    cache.indirectTarget(pc);
    assertEquals(table[2 * (pc % 65536)], oldTable[2 * (pc % 65536)]);
  }
  const { base } = regions[0]!;
  let traps = 0;
  for (let address = base; address < base + snapshot.regions[0]!.bytes.length; address++) {
    assertEquals(cache.position(address), old.position(address), `0x${address.toString(16)}`);
    assertEquals(cache.syscallAt(address), old.syscallAt(address));
    const trap = old.trapAt(address);
    if (trap?.kind === "exit") continue;
    assertEquals(cache.trapAt(address), trap);
    if (trap) traps++;
  }
  assert(traps >= 4, `${traps} traps`);
  assertEquals(cache.snapshot(), undefined, "nothing is new");
});

test("restored translations stay asleep until their own text is asked for", () => {
  const { snapshot } = firstRun();
  const { cache, table } = secondRun(program(), snapshot);
  assert(!cache.hasTextIn(LOOP, APART + PAGE));
  const miss = table[2 * (APART % 65536)];
  cache.entry(LOOP);
  assert(cache.hasTextIn(LOOP, LOOP + PAGE));
  assert(cache.hasTextIn(CALLED, CALLED + PAGE), "what it leads to directly wakes up with it");
  assert(!cache.hasTextIn(APART, APART + PAGE));
  assertEquals(table[2 * (APART % 65536)], miss, "an indirect branch to sleeping text misses");
});

test("restored translations of text that has changed, or that one leads to, are not used", () => {
  const { cache: old, snapshot } = firstRun();
  const { cache } = secondRun(program().put(CALLED + 100, [0x90]), snapshot);
  const end = snapshot.regions[0]!.base + snapshot.regions[0]!.bytes.length;
  for (const pc of [LOOP, CALLED]) assert(cache.entry(pc)! >= end, "it is translated anew");
  assertEquals(cache.entry(APART), old.entry(APART));
  assertEquals(cache.snapshot(), "outdated");
});

test("restored translations of text that is not there are not used", () => {
  const { snapshot } = firstRun();
  const { cache } = secondRun(new Text().put(LOOP, [0xc3]), snapshot);
  assertEquals(cache.entry(APART), undefined);
});

test("restored translations can be invalidated like others", () => {
  const { snapshot } = firstRun();
  const text = program();
  const { cache } = secondRun(text, snapshot);
  const before = cache.entry(CALLED)!;
  text.put(CALLED, [0xc3]);
  cache.invalidate(CALLED, CALLED + PAGE);
  assertEquals(cache.trapAt(before), { kind: "dead", target: CALLED });
  const after = cache.revive(CALLED, before)!;
  assert(after !== before && after === cache.entry(CALLED));
  assertEquals(cache.snapshot(), undefined, "a run whose text has changed leaves nothing");
});

test("a snapshot of a restored cache has both runs' translations", () => {
  const { snapshot } = firstRun();
  const { cache } = secondRun(program(), snapshot);
  cache.entry(APART);
  for (const pc of [1, 2, 3, 4]) cache.entry(APART + 16 * pc);
  const second = cache.snapshot();
  assert(second !== undefined && second !== "outdated");
  const third = secondRun(program(), second).cache;
  for (const pc of [APART, APART + 32]) assertEquals(third.entry(pc), cache.entry(pc));
  assertEquals(third.snapshot(), undefined);
});

test("restore() leaves a cache alone whose regions lie elsewhere", () => {
  const { snapshot } = firstRun();
  snapshot.regions[0]!.base += 0x1000;
  const { cache } = cacheOf(program());
  assert(!cache.restore(snapshot));
  assert(cache.entry(LOOP) !== undefined);
});

/** Text that is too far away for the first region. */
const FAR = LOOP + 2 ** 40;

test("regions of an earlier run are made when text is asked for that needs them, not before", () => {
  const text = program().put(FAR, [0x31, 0xdb, 0xc3]); // xor ebx, ebx; ret
  const old = cacheOf(text);
  for (const pc of [LOOP, FAR]) old.cache.indirectTarget(pc);
  const snapshot = old.cache.snapshot();
  assert(snapshot !== undefined && snapshot !== "outdated");
  assertEquals(snapshot.regions.length, 2);
  const made = cacheOf(text);
  assert(made.cache.restore(snapshot));
  made.cache.entry(LOOP);
  assertEquals(made.regions.length, 1);
  assertEquals(made.cache.entry(FAR), old.cache.entry(FAR));
  assertEquals(made.regions.length, 2);
});

test("text that is translated anew while its region is elsewhere is not translated twice", () => {
  const text = program().put(FAR, [0x31, 0xdb, 0xc3]);
  const old = cacheOf(text);
  for (const pc of [LOOP, FAR]) old.cache.entry(pc);
  const snapshot = old.cache.snapshot();
  assert(snapshot !== undefined && snapshot !== "outdated");
  snapshot.regions[1]!.base += 0x1000000;
  const { cache, regions } = cacheOf(text);
  assert(cache.restore(snapshot));
  const entry = cache.entry(FAR)!;
  const { base, bytes } = regions[1]!;
  assert(entry >= base && entry < base + bytes.length);
  assertEquals(cache.entry(FAR), entry);
});
