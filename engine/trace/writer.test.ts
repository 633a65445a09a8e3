import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { META, oneOfEach, readAll, record, registers, syscalls, temporaryFolder } from "./_fixtures.ts";
import type { TraceEvent } from "./events.ts";
import { eventsPath } from "./layout.ts";
import { CUT_BYTES, MAX_CHUNK_BYTES } from "./limits.ts";
import { TraceReader } from "./reader.ts";
import { TraceError } from "./trace-error.ts";
import { TraceWriter } from "./writer.ts";

test("create() makes parents and describes the recording", () => {
  using folder = temporaryFolder();
  TraceWriter.create(folder.path("a/b/run"), META).close();
  expect(TraceReader.open(folder.path("a/b/run")).meta).toEqual(META);
});

test("create() takes an empty folder, but none with something in it, and no file", () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path("run"));
  TraceWriter.create(folder.path("run"), META).close();
  expect(() => TraceWriter.create(folder.path("run"), META)).toThrow(
    new TraceError({
      what: "Cannot start a trace in a folder that is not empty",
      where: folder.path("run"),
      mend: "remove it or choose another one",
    }),
  );
  writeFileSync(folder.path("file"), "");
  expect(() => TraceWriter.create(folder.path("file"), META)).toThrow(TraceError);
  expect(() => TraceWriter.create(folder.path("file/run"), META)).toThrow(TraceError);
});

test("write() keeps nothing of the event", () => {
  using folder = temporaryFolder();
  const writer = TraceWriter.create(folder.path("run"), META);
  const event = syscalls(1)[0]!;
  writer.write(event);
  event.registers.fill(1n);
  event.ticks = 5;
  writer.write(event);
  writer.close();
  const { events } = readAll(folder.path("run"));
  expect(events[0]).toEqual(syscalls(1)[0]!);
  expect(events[1]?.registers).toEqual(event.registers);
});

test("maybeFlush() cuts a chunk by size or by time, and eventCount goes on over chunks", () => {
  using folder = temporaryFolder();
  let time = 0;
  const writer = TraceWriter.create(folder.path("run"), META, { now: () => time });
  const size = () => statSync(eventsPath(folder.path("run"))).size;
  const event = syscalls(1)[0]!;
  writer.write(event);
  time = 250;
  writer.maybeFlush();
  expect(size()).toBe(0);
  expect(writer.pendingBytes).toBeGreaterThan(0);
  time = 251;
  writer.maybeFlush();
  const first = size();
  expect(first).toBeGreaterThan(0);
  expect(writer.pendingBytes).toBe(0);
  let written = 1;
  while (writer.pendingBytes < CUT_BYTES) {
    expect(size()).toBe(first);
    writer.write(event);
    writer.maybeFlush();
    written++;
    if (size() > first) break;
  }
  expect(writer.pendingBytes).toBe(0);
  expect(writer.eventCount).toBe(written);
  writer.close();
});

test("write() cuts a chunk by itself before it would grow beyond the limit", () => {
  using folder = temporaryFolder();
  const writer = TraceWriter.create(folder.path("run"), META);
  const large = (fill: number): TraceEvent => ({
    kind: "exit",
    task: 1,
    ticks: 0,
    registers: registers(0n),
    status: 0,
    writes: [{ address: 0, bytes: new Uint8Array(MAX_CHUNK_BYTES - 1000).fill(fill) }],
  });
  writer.write(oneOfEach()[0]!);
  writer.write(large(1));
  writer.close();
  const { events } = readAll(folder.path("run"));
  expect(events.length).toBe(2);
  expect(events[1]?.kind === "exit" && events[1].writes[0]?.bytes.length).toBe(MAX_CHUNK_BYTES - 1000);
});

test("write() refuses an event that no chunk can hold", () => {
  using folder = temporaryFolder();
  const writer = TraceWriter.create(folder.path("run"), META);
  const bytes = new Uint8Array(MAX_CHUNK_BYTES);
  expect(() =>
    writer.write({ ...syscalls(1)[0]!, kind: "exit", status: 0, writes: [{ address: 0, bytes }] }),
  ).toThrow(TraceError);
  writer.close();
});

test("write() leaves out an event with a value that does not fit, and goes on", () => {
  using folder = temporaryFolder();
  const writer = TraceWriter.create(folder.path("run"), META);
  const [first, second, third] = syscalls(3) as [TraceEvent, TraceEvent, TraceEvent];
  writer.write(first);
  const broken: TraceEvent = {
    kind: "switch",
    point: "jump",
    jumps: Number.NaN,
    task: 100,
    ticks: 1,
    registers: registers(7n),
  };
  expect(() => writer.write(broken)).toThrow(RangeError);
  expect(() => writer.write({ ...second, ticks: -1 })).toThrow(RangeError);
  expect(() => writer.write({ ...second, registers: new BigUint64Array(3) })).toThrow(RangeError);
  writer.write(second);
  writer.write(third);
  expect(writer.eventCount).toBe(3);
  writer.close();
  expect(readAll(folder.path("run")).events).toEqual(syscalls(3));
});

test("a killed recorder leaves the chunks that it cut", async () => {
  using folder = temporaryFolder();
  const script = `
    import { META, syscalls } from "${import.meta.dir}/_fixtures.ts";
    import { TraceWriter } from "${import.meta.dir}/writer.ts";
    const writer = TraceWriter.create(process.argv[1], META);
    const events = syscalls(9);
    for (const event of events.slice(0, 5)) writer.write(event);
    writer.flush();
    for (const event of events.slice(5)) writer.write(event);
    process.kill(process.pid, "SIGKILL");`;
  const child = Bun.spawn([process.execPath, "-e", script, folder.path("run")]);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  const { events, incomplete } = readAll(folder.path("run"));
  expect(events).toEqual(syscalls(9).slice(0, 5));
  expect(incomplete).toBe(
    "The trace ends after chunk 0, event 4: the recorder was killed, or had no more room",
  );
});

test("a writer without room breaks the trace off at a whole chunk, and counts on", () => {
  using folder = temporaryFolder();
  const writer = TraceWriter.create(folder.path("run"), META, { maxBytes: 1 });
  const events = syscalls(9);
  for (const event of events.slice(0, 4)) writer.write(event);
  writer.flush();
  expect(writer.isFull).toBe(false);
  for (const event of events.slice(4)) writer.write(event);
  writer.flush();
  expect(writer.isFull).toBe(true);
  expect(writer.eventCount).toBe(9);
  writer.close();
  const { events: kept, incomplete } = readAll(folder.path("run"));
  expect(kept).toEqual(syscalls(9).slice(0, 4));
  expect(incomplete).toContain("had no more room");
});

test("close() writes what is pending, and a second one does nothing", () => {
  using folder = temporaryFolder();
  record(folder.path("run"), oneOfEach());
  const size = readFileSync(eventsPath(folder.path("run"))).length;
  expect(size).toBeGreaterThan(0);
  const writer = TraceWriter.create(folder.path("other"), META);
  writer.write(oneOfEach()[0]!);
  writer.close();
  writer.close();
  expect(readAll(folder.path("other")).events.length).toBe(1);
});
