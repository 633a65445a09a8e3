import { expect, test } from "bun:test";
import { oneOfEach, syscalls } from "./_fixtures.ts";
import { formatEvent } from "./dump.ts";
import { eventToJson } from "./dump-json.ts";
import { formatStatus } from "./dump-values.ts";

test("formatEvent() gives one line for each kind", () => {
  expect(oneOfEach().map(formatEvent)).toEqual([
    "0 task 100 ticks 0 pc 0x10: exec /usr/bin/naïve 日本, 2 mappings, brk 0x555555560000, writes 300 at 0x7ffffffde000, 0 at 0x0",
    "1 task 100 ticks 12 pc 0x1c: mmap(0x11, 0x10, 0xf, 0x16, 0x14, 0x15) = 0x7ffff7a00000, maps 0x7ffff7a00000-0x7ffff7c00000 /lib/libc.so.6",
    "2 task 100 ticks 13 pc 0x1d: write(0x12, 0x11, 0x10) = -4 EINTR, to stderr, writes 300 at 0x1000",
    "3 task 100 ticks 4503599627370496 pc 0x10000000000010: signal SIGALRM at jump 7, handler at 0xfffffffffffffff2, writes 300 at 0x7ffffffdd000",
    "4 task 100 ticks 20 pc 0x24: clone flags 0x1003d0f00: task 101 of process 100, writes 300 at 0x8",
    "5 task 100 ticks 20 pc 0x24: switch at return",
    "6 task 101 ticks 1 pc 0x11: instruction rdtsc rax=0x5 rbx=0x6 rcx=0x7 rdx=0x8 rsi=0x9 rdi=0xa rbp=0xb rsp=0xc r8=0xd r9=0xe r10=0xf r11=0x10 r12=0x11 r13=0x12 r14=0x13 r15=0x14 eflags=0x16 fs_base=0x17 gs_base=0x18, writes 2 at 0x7000",
    "7 task 101 ticks 2 pc 0x12: exit, killed by SIGSEGV (core dumped), writes 4 at 0x10",
    "8 task 100 ticks 20 pc 0x24: memory changed from outside, writes 2 at 0x18",
    "9 task 100 ticks 20 pc 0x24: file 0 changed, 5000 bytes long, writes 9 at 0x1000",
    "10 task 100 ticks 20 pc 0x24: checksum of 2 pieces of memory",
    "11 task 100 ticks 20 pc 0x24: note: somebody looks on",
    "12 task 100 ticks 20 pc 0x24: registers set at fault, pc 0x5d rax=0x4d rbx=0x4e rcx=0x4f rdx=0x50 rsi=0x51 rdi=0x52 rbp=0x53 rsp=0x54 r8=0x55 r9=0x56 r10=0x57 r11=0x58 r12=0x59 r13=0x5a r14=0x5b r15=0x5c eflags=0x5e fs_base=0x5f gs_base=0x60, vector state too",
    "13 task 100 ticks 21 pc 0x25: end, exited with 1: it says\\x0aso",
  ]);
});

test("eventToJson() survives JSON and cuts long writes short", () => {
  for (const [index, event] of oneOfEach().entries()) {
    const json = eventToJson(event, index);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({ index, kind: event.kind, task: event.task, ticks: event.ticks });
  }
  const write = oneOfEach()[2]!;
  expect(eventToJson(write, 0)).toMatchObject({
    name: "write",
    args: ["0x12", "0x11", "0x10"],
    result: -4,
    error: "EINTR",
    stream: 2,
    outputHash: "0xffffffffffffffff",
    writes: [{ address: "0x1000", length: 300, hex: Buffer.from([...Array(32).keys()]).toString("hex") }],
  });
});

test("formatEvent() shows arguments as the call has them, and all six of an unknown one", () => {
  const call = syscalls(1)[0]!;
  if (call.kind !== "syscall") throw new Error("not a system call");
  const args = (number: number) =>
    /\((.*)\)/
      .exec(formatEvent({ ...call, number }, 0))?.[1]
      ?.split(", ")
      .filter(Boolean);
  expect([39, 3, 0, 9, 334, 435, 9999].map((number) => args(number)?.length)).toEqual([0, 1, 3, 6, 4, 2, 6]);
});

test("formatStatus() names codes and signals", () => {
  expect(formatStatus(0)).toBe("exited with 0");
  expect(formatStatus(7 << 8)).toBe("exited with 7");
  expect(formatStatus(9)).toBe("killed by SIGKILL");
});
