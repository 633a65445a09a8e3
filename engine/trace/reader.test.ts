import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { calls, META, oneOfEach, readAll, record, syscalls, temporaryFolder } from "./_fixtures.ts";
import { CHUNK_HEAD_BYTES, packChunk } from "./chunk.ts";
import { EventEncoder } from "./encode.ts";
import { eventsPath, FORMAT, fileListPath, metaPath } from "./layout.ts";
import { TraceReader } from "./reader.ts";
import { TraceError } from "./trace-error.ts";

test("open() says what a folder without a trace lacks", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path("empty"));
  expect(() => TraceReader.open(folder.path("absent"))).toThrow("No trace is there");
  expect(() => TraceReader.open(folder.path("empty"))).toThrow("No trace is there");
});

test("open() rejects descriptions that are foreign, newer or damaged", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, []);
  const good = { format: FORMAT, version: 1, ...META };
  const rejects = (text: string, why: string) => {
    writeFileSync(metaPath(run), text);
    expect(() => TraceReader.open(run)).toThrow(TraceError);
    expect(() => TraceReader.open(run)).toThrow(why);
  };
  rejects("{}", '"format" is not "tickproof-trace"');
  rejects("[]", '"format" is not');
  rejects("null", '"format" is not');
  rejects(JSON.stringify({ ...good, format: "rr" }), '"format" is not');
  rejects(
    JSON.stringify({ ...good, version: 7 }),
    "The trace has format version 7, this tickproof reads up to 6",
  );
  rejects(JSON.stringify({ ...good, version: "1" }), '"version" is "1"');
  rejects('{"format', "it is no JSON");
  rejects(JSON.stringify({ ...good, command: [1] }), '"command" is not a list of texts');
  rejects(JSON.stringify({ ...good, environment: { A: 1 } }), '"A" is not a text');
  rejects(
    JSON.stringify({ ...good, arch: "aarch64" }),
    "The trace is of a program for aarch64, this tickproof knows x86_64 alone",
  );
  rejects(JSON.stringify({ ...good, arch: 64 }), '"arch" is not a text');
  rejects(JSON.stringify({ ...good, host: {} }), '"cores" is not a number');
});

test("open() takes a trace that does not say its architecture for one of x86_64", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, []);
  const { arch, ...old } = META;
  expect(arch).toBe("x86_64");
  writeFileSync(metaPath(run), JSON.stringify({ format: FORMAT, version: 1, ...old }));
  expect(TraceReader.open(run).meta.arch).toBe("x86_64");
});

test("open() reports a missing or damaged part", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, []);
  writeFileSync(fileListPath(run), '{"index":1}\n');
  expect(() => TraceReader.open(run)).toThrow("line 1 does not describe file 0");
  rmSync(fileListPath(run));
  expect(() => TraceReader.open(run)).toThrow("The list of mapped files is damaged");
  writeFileSync(fileListPath(run), "");
  rmSync(eventsPath(run));
  expect(() => TraceReader.open(run)).toThrow("The events of the trace cannot be read");
});

test("a trace without events is incomplete", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), []);
  expect(readAll(folder.path("run"))).toEqual({
    events: [],
    incomplete: "The trace ends before its first event: the recorder was killed, or had no more room",
  });
});

test("a chunk that is cut off anywhere makes the trace incomplete", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, syscalls(3), { cutEach: true });
  const whole = readFileSync(eventsPath(run));
  const twoChunks = chunkOffsets(whole)[2] as number;
  for (let size = twoChunks + 1; size < whole.length; size++) {
    truncateSync(eventsPath(run), size);
    const { events, incomplete } = readAll(run);
    expect(events).toEqual(syscalls(3).slice(0, 2));
    expect(incomplete).toBe(
      `The trace ends after chunk 1, event 1 (${size - twoChunks} bytes of another chunk follow at byte ${twoChunks}): the recorder was killed, or had no more room`,
    );
    writeFileSync(eventsPath(run), whole);
  }
});

test("next() names the place of damage, and throws the same again", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, syscalls(3), { cutEach: true });
  const bytes = readFileSync(eventsPath(run));
  const second = chunkOffsets(bytes)[1] as number;
  bytes[second + CHUNK_HEAD_BYTES + 20]! ^= 1;
  writeFileSync(eventsPath(run), bytes);
  const reader = TraceReader.open(run);
  expect(reader.next()).toEqual(syscalls(1)[0]!);
  const message = `The trace is damaged: the checksum of chunk 1 does not match (${eventsPath(run)}: byte ${second}): restore it from a copy or record again`;
  expect(() => reader.next()).toThrow(message);
  expect(() => reader.peek()).toThrow(message);
});

test("next() rejects garbage and events after the end, and chunks out of order", () => {
  using folder = temporaryFolder();
  const damaged = (name: string, append: Uint8Array | string, why: string) => {
    record(folder.path(name), name.startsWith("ended") ? oneOfEach() : syscalls(1));
    appendFileSync(eventsPath(folder.path(name)), append);
    expect(() => readAll(folder.path(name))).toThrow(TraceError);
    expect(() => readAll(folder.path(name))).toThrow(why);
  };
  damaged("garbage", "garbage that is longer than a header", "no chunk starts here");
  damaged("short", "gar", "no chunk starts here");
  damaged("ended", "gar", "no chunk starts here");
  damaged("ended-2", encoded(1, 1), "events follow the end event");
  damaged("order", encoded(2, 1), "chunk 2 is where chunk 1 should be");
});

test("next() rejects a mapping of a file that is not listed", () => {
  using folder = temporaryFolder();
  const mapping = { start: 0, end: 4096, protection: 1, shared: false, file: 0, offset: 0, name: "x" };
  record(folder.path("run"), [
    { ...syscalls(1)[0]!, kind: "exec", path: "", brk: 0, mappings: [mapping], writes: [] },
  ]);
  expect(() => readAll(folder.path("run"))).toThrow("a mapping refers to file 0, but there are 0 files");
});

/** A chunk of system calls. */
function encoded(index: number, events: number): Uint8Array {
  const encoder = new EventEncoder();
  for (const event of syscalls(events)) encoder.encode(event);
  return packChunk(index, events, encoder.bytes);
}

function chunkOffsets(bytes: Buffer): number[] {
  const offsets = [0];
  for (let at = 0; at < bytes.length; ) {
    at += CHUNK_HEAD_BYTES + bytes.readUInt32LE(at + 16) + 8;
    offsets.push(at);
  }
  return offsets;
}

test("seek() goes to any event, forward and back", () => {
  using folder = temporaryFolder();
  for (const cutEach of [true, false]) {
    const run = folder.path(cutEach ? "chunks" : "chunk");
    const events = oneOfEach();
    record(run, events, { cutEach });
    const reader = TraceReader.open(run);
    const order = [3, 0, events.length - 1, 1, 2, events.length, 5, 0];
    for (const index of order) {
      reader.seek(index);
      expect(reader.position).toBe(index - 1);
      expect(reader.next()).toEqual(events[index]);
    }
    reader.seek(0);
    expect([...Array(events.length)].map(() => reader.next())).toEqual(events);
    expect(reader.next()).toBeUndefined();
    const message = `Cannot seek as the trace has ${events.length} events: current value is ${events.length + 1}`;
    expect(() => reader.seek(events.length + 1)).toThrow(message);
    reader.close();
  }
});

test("seek() counts calls without a stop one by one, whatever chunks they are in", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  const [before, behind, last] = syscalls(3);
  const made = calls([{ number: 39 }, { number: 102 }, { number: 104 }]);
  record(run, [before!, made, behind!, made, last!], { cutEach: true });
  const reader = TraceReader.open(run);
  for (const [index, event] of [
    [8, last],
    [5, made],
    [4, behind],
    [1, made],
    [0, before],
    [8, last],
  ] as const) {
    reader.seek(index);
    expect(reader.next()).toEqual(event!);
  }
  reader.close();
});

test("seek() meets damage on the way to an event, and not on the way to one before", () => {
  using folder = temporaryFolder();
  const run = folder.path("run");
  record(run, syscalls(4), { cutEach: true });
  const bytes = readFileSync(eventsPath(run));
  bytes[(chunkOffsets(bytes)[1] as number) + CHUNK_HEAD_BYTES + 20]! ^= 1;
  writeFileSync(eventsPath(run), bytes);
  const reader = TraceReader.open(run);
  expect(() => reader.seek(3)).toThrow("the checksum of chunk 1 does not match");
  reader.seek(0);
  expect(reader.next()).toEqual(syscalls(4)[0]!);
  reader.seek(1);
  expect(() => reader.next()).toThrow("the checksum of chunk 1 does not match");
  reader.close();
});
