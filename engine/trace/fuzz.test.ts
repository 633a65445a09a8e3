/**
 * A trace with wrong bytes either reads as a beginning of the right one or fails with a TraceError. The second
 * half makes damage that the checksums do not show, as someone with bad intentions would.
 */
import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import {
  calls,
  oneOfEach,
  random,
  record,
  syscalls,
  type TemporaryFolder,
  temporaryFolder,
} from "./_fixtures.ts";
import { CHUNK_HEAD_BYTES, CHUNK_TAIL_BYTES, packChunk, parseChunkHead, unpackChunk } from "./chunk.ts";
import type { TraceEvent } from "./events.ts";
import { eventsPath, fileListPath, metaPath } from "./layout.ts";
import { MAX_CHUNK_BYTES } from "./limits.ts";
import { TraceReader } from "./reader.ts";
import { TraceError } from "./trace-error.ts";

const EVENTS = [
  ...syscalls(20),
  calls([
    { number: 0, args: [3n, 16n, 5n], result: 5n, writes: [{ address: 16n, bytes: new Uint8Array(5) }] },
  ]),
  ...oneOfEach(),
];

function sample(folder: TemporaryFolder): string {
  const run = folder.path("run");
  record(run, EVENTS.slice(0, 12));
  // Two chunks of several events each.
  const first = readFileSync(eventsPath(run));
  record(folder.path("whole"), EVENTS);
  const raw = rawOf(readFileSync(eventsPath(folder.path("whole"))));
  expect(raw.length).toBeGreaterThan(1000);
  copyFileSync(fileListPath(folder.path("whole")), fileListPath(run));
  record(folder.path("rest"), EVENTS.slice(12));
  const rest = rawOf(readFileSync(eventsPath(folder.path("rest"))));
  writeFileSync(eventsPath(run), Buffer.concat([first, packChunk(1, EVENTS.length - 12, rest)]));
  return run;
}

function rawOf(chunk: Uint8Array): Uint8Array {
  return unpackChunk(chunk, parseChunkHead(chunk.subarray(0, CHUNK_HEAD_BYTES), 0));
}

/** Reads until the end or a TraceError; anything else that is thrown fails the test. */
function readLeniently(run: string): { events: TraceEvent[]; failed: boolean } {
  const events: TraceEvent[] = [];
  try {
    const reader = TraceReader.open(run);
    try {
      for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event);
    } finally {
      reader.close();
    }
    return { events, failed: false };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return { events, failed: true };
  }
}

function expectPrefix(run: string): boolean {
  const { events, failed } = readLeniently(run);
  expect(Bun.deepEquals(events, EVENTS.slice(0, events.length))).toBe(true);
  return failed;
}

test("events with any byte flipped read as a beginning or fail with TraceError", () => {
  using folder = temporaryFolder();
  const run = sample(folder);
  const good = readFileSync(eventsPath(run));
  expect(expectPrefix(run)).toBe(false);
  const next = random(7);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at]! ^= 1 << Math.floor(next() * 8);
    writeFileSync(eventsPath(run), bad);
    expect(expectPrefix(run)).toBe(true);
  }
});

test("events cut off at any byte read as a beginning", () => {
  using folder = temporaryFolder();
  const run = sample(folder);
  for (let size = readFileSync(eventsPath(run)).length - 1; size >= 0; size--) {
    truncateSync(eventsPath(run), size);
    expect(expectPrefix(run)).toBe(false);
  }
});

test("descriptions and file lists with any byte flipped or cut off open, or fail with TraceError", () => {
  using folder = temporaryFolder();
  const run = sample(folder);
  writeFileSync(
    fileListPath(run),
    '{"index":0,"path":"/x","size":1,"device":"1","inode":"2","mtimeNs":"3","ctimeNs":"4","stored":"files/000"}\n',
  );
  const next = random(3);
  for (const path of [metaPath(run), fileListPath(run)]) {
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1 << Math.floor(next() * 8);
      writeFileSync(path, bad);
      expectPrefix(run);
      writeFileSync(path, good.subarray(0, at));
      expectPrefix(run);
    }
    writeFileSync(path, good);
  }
});

test("crafted events under a right checksum are decoded or fail with TraceError", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, EVENTS);
  const good = rawOf(readFileSync(eventsPath(run)));
  const next = random(11);
  const values = [0, 1, 0x7f, 0x80, 0xff];
  for (let round = 0; round < 4000; round++) {
    const bad = Uint8Array.from(good);
    const at = Math.floor(next() * bad.length);
    // Now and then four bytes, which makes lengths and counts absurd.
    bad.fill(values[Math.floor(next() * values.length)] as number, at, at + (round % 2 === 0 ? 1 : 4));
    writeFileSync(eventsPath(run), packChunk(0, EVENTS.length, bad));
    readLeniently(run);
  }
});

test("crafted payloads under a right checksum fail with TraceError", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, EVENTS);
  const good = readFileSync(eventsPath(run));
  const next = random(13);
  for (let round = 0; round < 2000; round++) {
    const bad = Buffer.from(good);
    const at = CHUNK_HEAD_BYTES + Math.floor(next() * (bad.length - CHUNK_HEAD_BYTES - CHUNK_TAIL_BYTES));
    bad[at] = Math.floor(next() * 256);
    writeFileSync(eventsPath(run), seal(bad));
    readLeniently(run);
  }
});

test("a payload that grows beyond what its header says is not unpacked", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, EVENTS);
  const good = readFileSync(eventsPath(run));
  const bomb = Bun.zstdCompressSync(new Uint8Array(256 * 1024 * 1024), { level: 1 });
  const bad = Buffer.concat([good.subarray(0, CHUNK_HEAD_BYTES), bomb, Buffer.alloc(CHUNK_TAIL_BYTES)]);
  bad.writeUInt32LE(bomb.length, 16);
  writeFileSync(eventsPath(run), seal(bad));
  expect(() => TraceReader.open(run).next()).toThrow("chunk 0 cannot be decompressed");
  bad.writeUInt32LE(MAX_CHUNK_BYTES + 1, 12);
  writeFileSync(eventsPath(run), seal(bad));
  expect(() => TraceReader.open(run).next()).toThrow("is too large");
});

/** Makes both checksums of a chunk right. */
function seal(chunk: Buffer): Buffer {
  chunk.writeUInt32LE(Bun.hash.crc32(chunk.subarray(0, 20)), 20);
  const tailAt = chunk.length - CHUNK_TAIL_BYTES;
  chunk.writeBigUInt64LE(Bun.hash.xxHash64(chunk.subarray(0, tailAt)), tailAt);
  return chunk;
}
