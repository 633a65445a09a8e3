import { expect, test } from "bun:test";
import {
  isErrno,
  NativeBuffer,
  PERF_COUNT_HW,
  PERF_COUNT_SW,
  PERF_FORMAT,
  PERF_TYPE,
  PerfEvent,
  rawSyscall,
  SYSCALLS,
} from "../mod.ts";

const value = new BigUint64Array(8);
const SOFTWARE = { type: PERF_TYPE.SOFTWARE, flags: ["disabled", "exclude_kernel", "exclude_hv"] } as const;

test("PerfEvent counts page faults only while it is enabled", () => {
  using event = PerfEvent.open({ ...SOFTWARE, config: PERF_COUNT_SW.PAGE_FAULTS, flags: ["disabled"] });
  using before = NativeBuffer.map(64 * 4096);
  using during = NativeBuffer.map(64 * 4096);
  for (let page = 0; page < 64; page++) before.u8[page * 4096] = 1;
  expect(event.read(value)).toBe(1);
  expect(value[0]).toBe(0n);
  event.enable();
  for (let page = 0; page < 64; page++) during.u8[page * 4096] = 1;
  event.disable();
  event.read(value);
  expect(value[0]).toBeGreaterThanOrEqual(1n);
  event.reset();
  event.read(value);
  expect(value[0]).toBe(0n);
});

test("PerfEvent reads times and an identifier when asked", () => {
  const read_format = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING | PERF_FORMAT.ID;
  using event = PerfEvent.open({ ...SOFTWARE, config: PERF_COUNT_SW.TASK_CLOCK, read_format });
  event.enable();
  for (let call = 0; call < 1000; call++) rawSyscall(SYSCALLS.getpid);
  event.disable();
  expect(event.read(value)).toBe(4);
  expect(value[0]).toBeGreaterThan(0n);
  expect(value[1]).toBe(value[2]);
  expect(value[3]).toBe(event.id());
});

test("PerfEvent reads a group through its leader", () => {
  using leader = PerfEvent.open({
    ...SOFTWARE,
    config: PERF_COUNT_SW.TASK_CLOCK,
    read_format: PERF_FORMAT.GROUP | PERF_FORMAT.ID,
  });
  using member = PerfEvent.open(
    { type: PERF_TYPE.SOFTWARE, config: PERF_COUNT_SW.CONTEXT_SWITCHES, flags: ["exclude_kernel"] },
    { group: leader },
  );
  leader.enable(true);
  leader.disable(true);
  expect(leader.read(value)).toBe(5);
  expect(value[0]).toBe(2n);
  expect([value[2], value[4]]).toEqual([leader.id(), member.id()]);
  expect(() => leader.read(new BigUint64Array(1))).toThrow("ENOSPC");
});

test("PerfEvent opens a hardware counter, or says that there is no PMU", () => {
  try {
    using event = PerfEvent.open({
      type: PERF_TYPE.HARDWARE,
      config: PERF_COUNT_HW.INSTRUCTIONS,
      flags: ["exclude_kernel", "exclude_hv"],
    });
    event.read(value);
    expect(value[0]).toBeGreaterThan(0n);
  } catch (error) {
    // ENOENT is the kernel's answer when no PMU registered the event (virtual machines); anything else is broken.
    expect(isErrno(error, "ENOENT")).toBe(true);
    expect((error as Error).message).toContain("no PMU");
  }
});
