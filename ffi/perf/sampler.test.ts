import { test } from "bun:test";
import { writeFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  describeLosses,
  livePerf,
  NativeBuffer,
  type PerfRecord,
  rawSyscall,
  Sampler,
  SYSCALLS,
  SyscallError,
} from "../mod.ts";
import { FakePerf } from "./_fixtures.ts";
import { LossTally } from "./losses.ts";

type Kind = PerfRecord["kind"];

type OfKind<K extends Kind> = PerfRecord & { readonly kind: K };

function ofKind<K extends Kind>(records: readonly PerfRecord[], kind: K): OfKind<K>[] {
  return records.filter((record): record is OfKind<K> => record.kind === kind);
}

function reschedule(times: number): void {
  livePerf.run(Array.from({ length: times }, () => ({ do: "reschedule" }) as const));
}

test("Sampler writes a sample for every period of events", () => {
  using memory = NativeBuffer.map(4096);
  // A hardware breakpoint counts writes exactly, and needs no PMU.
  using sampler = Sampler.open(`mem:0x${memory.address.toString(16)}/8:w:u`, {
    every: { period: 2 },
    fields: ["identifier", "ip", "tid", "time", "addr", "id", "cpu", "read", "callchain"],
  });
  sampler.enable();
  for (let write = 0; write < 20; write++) memory.u64[0] = BigInt(write);
  sampler.disable();
  assertEquals(sampler.wait(0), "ready");
  const samples = ofKind(sampler.drain(), "sample");
  assertEquals(samples.length, 10);
  let last = 0n;
  samples.forEach(({ mode, pid, tid, address, id, read, callchain, time, ip }, index) => {
    assertEquals([mode, pid, id], ["user", process.pid, BigInt(sampler.id())]);
    assertEquals(address, BigInt(memory.address));
    assertEquals(tid, rawSyscall(SYSCALLS.gettid));
    assertEquals(
      read?.values.map(({ value }) => value),
      [BigInt(2 * (index + 1))],
    );
    assert(callchain?.includes(ip ?? 0n));
    assert(time !== undefined && time > last);
    last = time;
  });
  const reading = sampler.reading();
  assert(reading.state === "counted");
  assertEquals(reading.value, 20n);
  assertEquals(sampler.drain(), []);
});

test("Sampler.setPeriod() changes how many events are in a sample", () => {
  using memory = NativeBuffer.map(4096);
  using sampler = Sampler.open(`mem:0x${memory.address.toString(16)}/8:w:u`, { every: { period: 1000 } });
  sampler.setPeriod(5);
  sampler.enable();
  for (let write = 0; write < 50; write++) memory.u64[0] = BigInt(write);
  sampler.disable();
  assertEquals(ofKind(sampler.drain(), "sample").length, 10);
});

test("Sampler.refresh() counts up to an overflow and stops", () => {
  using sampler = Sampler.open("context-switches", { every: { period: 1 } });
  sampler.refresh(2);
  assertEquals(sampler.wait(0), "timeout");
  reschedule(5);
  assertEquals(sampler.wait(1000), "ready");
  assertEquals(ofKind(sampler.drain(), "sample").length, 2);
  const reading = sampler.reading();
  assert(reading.state === "counted");
  assertEquals(reading.value, 2n);
});

test("Sampler tells what else happened: names, mappings, tasks and switches", () => {
  using sampler = Sampler.open("dummy", {
    every: { period: 1 },
    records: ["comm", "mmap2", "task", "switch"],
  });
  sampler.enable();
  writeFileSync("/proc/thread-self/comm", "renamed");
  reschedule(1);
  // A run maps its code.
  Bun.spawnSync(["/bin/true"]);
  sampler.disable();
  writeFileSync("/proc/thread-self/comm", "bun");
  const records = sampler.drain();
  const [comm] = ofKind(records, "comm");
  assertEquals([comm?.comm, comm?.exec, comm?.sampleId.pid], ["renamed", false, process.pid]);
  const mapping = ofKind(records, "mmap2").find(({ file }) => file === "//anon");
  assertEquals([mapping?.pid, mapping?.protection, mapping?.data], [process.pid, 5, false]);
  const fork = ofKind(records, "fork").find(({ pid }) => pid !== process.pid);
  assertEquals(fork?.parentPid, process.pid);
  const switches = ofKind(records, "switch").map(({ out }) => out);
  assert(switches.includes(true) && switches.includes(false));
});

test("Sampler tells how many samples found no room, as it drains and before anything tells of them", () => {
  using memory = NativeBuffer.map(4096);
  const told: bigint[][] = [];
  using sampler = Sampler.open(`mem:0x${memory.address.toString(16)}/8:w:u`, {
    every: { period: 1 },
    pages: 1,
    onLoss: (...loss) => told.push(loss),
  });
  assertEquals([sampler.losses().lost, sampler.shortfall()], [0n, undefined]);
  const write = (times: number) => {
    for (let count = 0; count < times; count++) memory.u64[0] = BigInt(count);
  };
  sampler.enable();
  write(1000);
  const first = sampler.drain();
  write(1);
  sampler.disable();
  const second = sampler.drain();
  const lost = [...ofKind(first, "lost"), ...ofKind(second, "lost")].reduce(
    (sum, record) => sum + record.lost,
    0n,
  );
  const kept = [...ofKind(first, "sample"), ...ofKind(second, "sample")].length;
  assert(lost > 0n);
  assertEquals(lost + BigInt(kept), 1001n);
  assertEquals(told.at(-1)?.[1], lost);
  // The ring is full once more, and no record says so.
  sampler.enable();
  write(1000);
  sampler.disable();
  const last = ofKind(sampler.drain(), "sample").length;
  const losses = sampler.losses();
  assertEquals(losses.samples, kept + last);
  assert(losses.complete, "the kernel counts what is lost");
  assertEquals(losses.lost, BigInt(2001 - kept - last));
  assertAlmostEquals(losses.share, Number(losses.lost) / 2001);
  assertStringIncludes(sampler.shortfall() ?? "", `${losses.lost} of 2001 records were lost (`);
  const words = new BigUint64Array(3);
  assertEquals([sampler.read(words), words[0]], [24, 2001n]);
});

test("a sampler on a kernel that does not count losses says so, and how often it was stopped", () => {
  const records: PerfRecord[] = [];
  const tally = new LossTally();
  const record = (body: object) => ({ mode: "user", ...body }) as unknown as PerfRecord;
  records.push(record({ kind: "sample" }), record({ kind: "lost", lost: 3n }), record({ kind: "throttle" }));
  for (const each of records) tally.add(each);
  const losses = tally.losses(undefined);
  assertEquals(losses, { samples: 1, lost: 3n, complete: false, throttled: 1, share: 0.75 });
  const text = describeLosses(losses) ?? "";
  assertStringIncludes(text, "at least 3 of 4 records were lost (75.0 %)");
  assertStringIncludes(text, "stopped the event 1 times");
});

test("Sampler.wait() says that the task is gone", async () => {
  await using child = Bun.spawn(["/bin/cat"], { stdin: "pipe" });
  using sampler = Sampler.open("context-switches", { every: { period: 1 }, pid: child.pid });
  sampler.enable();
  child.stdin.end();
  await child.exited;
  assertEquals(sampler.wait(1000), "hang-up");
});

test("Sampler.open() refuses a frequency that is too high, with the one that is allowed", () => {
  assertThrows(
    () => Sampler.open("cpu-clock", { every: { frequency: 1e9 } }),
    SyscallError,
    "kernel.perf_event_max_sample_rate",
  );
  assertThrows(() => Sampler.open("cs", { every: { period: 1 }, pages: 3 }), SyscallError, "power of two");
});

test("Sampler.open() closes what it has opened when the ring can't be mapped", () => {
  const system = new FakePerf();
  system.mapping = -1;
  assertThrows(
    () => Sampler.open("cs", { system, every: { frequency: 99 } }),
    SyscallError,
    "perf_event_mlock_kb",
  );
  assertEquals(system.calls.at(-1), { call: "close", args: [100] });
});
