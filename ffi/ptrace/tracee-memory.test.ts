import { expect, test } from "bun:test";
import { startTracee } from "../_testing.ts";
import { NativeBuffer, openMemory, PTRACE, processVmRead, processVmWrite, REG } from "../mod.ts";

/** End of the mapping that holds an address, from /proc/PID/maps. */
async function mappingEnd(pid: number, address: number): Promise<number> {
  for (const line of (await Bun.file(`/proc/${pid}/maps`).text()).split("\n")) {
    const [from = 0, to = 0] = line
      .split(" ")[0]!
      .split("-")
      .map((text) => Number.parseInt(text, 16));
    if (from <= address && address < to) return to;
  }
  throw new Error(`0x${address.toString(16)} is not mapped`);
}

test("TraceeMemory writes read-only text, and the tracee executes what was written", () => {
  using tracee = startTracee("/bin/true");
  using memory = openMemory(tracee.pid);
  const rip = Number(tracee.control.regs.u64[REG.rip]);
  expect(memory.write(rip, Uint8Array.of(0xcc))).toBe(1);
  expect([...memory.read(rip, 1)]).toEqual([0xcc]);
  tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0);
  expect(Number(tracee.control.regs.u64[REG.rip])).toBe(rip + 1);
});

test("TraceeMemory returns fewer bytes where memory ends, and none where there is none", async () => {
  using tracee = startTracee("/bin/true");
  using memory = openMemory(tracee.pid);
  const end = await mappingEnd(tracee.pid, Number(tracee.control.regs.u64[REG.rsp]));
  expect(memory.read(end - 100, 4096).length).toBe(100);
  expect(memory.write(end - 3, new Uint8Array(10))).toBe(3);
  expect(memory.read(0, 8).length).toBe(0);
  expect(memory.write(0, new Uint8Array(8))).toBe(0);
  expect(memory.readU64(end - 4)).toBeUndefined();
});

test("TraceeMemory.read() reuses one buffer and readInto() fills the caller's", () => {
  using tracee = startTracee("/bin/true");
  using memory = openMemory(tracee.pid);
  const rsp = Number(tracee.control.regs.u64[REG.rsp]);
  const argc = memory.read(rsp, 8);
  expect(argc[0]).toBe(1);
  expect(memory.readU64(rsp)).toBe(1n);
  const copy = new Uint8Array(8);
  expect(memory.readInto(rsp, copy)).toBe(8);
  memory.write(rsp, Uint8Array.of(9));
  expect(argc[0]).toBe(9);
  expect(copy[0]).toBe(1);
});

test("TraceeMemory grows for a large read", () => {
  using tracee = startTracee("/bin/true");
  using memory = openMemory(tracee.pid);
  const rsp = Number(tracee.control.regs.u64[REG.rsp]);
  const small = memory.read(rsp, 8);
  expect(memory.read(rsp, 5 << 20).length).toBeGreaterThan(8);
  expect(small.length).toBe(0);
});

test("TraceeMemory is empty after the death of the tracee", () => {
  using tracee = startTracee("/bin/true");
  using memory = openMemory(tracee.pid);
  const rsp = Number(tracee.control.regs.u64[REG.rsp]);
  tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0);
  expect(memory.read(rsp, 8).length).toBe(0);
});

test("TraceeMemory follows an execve after reopen()", () => {
  using tracee = startTracee("/bin/sh", ["-c", "exec /bin/true"]);
  using memory = openMemory(tracee.pid);
  do tracee.control.resumeAndWait(PTRACE.CONT, tracee.pid, 0, tracee.pid, 0);
  while (tracee.control.status >> 16 === 0);
  const rsp = Number(tracee.control.regs.u64[REG.rsp]);
  expect(memory.read(rsp, 8).length).toBe(0);
  memory.reopen();
  expect(memory.readU64(rsp)).toBe(1n);
});

test("processVmRead() and processVmWrite() copy, short where memory ends", async () => {
  using tracee = startTracee("/bin/true");
  using local = NativeBuffer.map(8192);
  const rsp = Number(tracee.control.regs.u64[REG.rsp]);
  expect(processVmRead(tracee.pid, rsp, local.address, 8)).toBe(8);
  expect(local.u64[0]).toBe(1n);
  local.u64[0] = 5n;
  expect(processVmWrite(tracee.pid, rsp, local.address, 8)).toBe(8);
  processVmRead(tracee.pid, rsp, local.address + 8, 8);
  expect(local.u64[1]).toBe(5n);
  const end = await mappingEnd(tracee.pid, rsp);
  expect(processVmRead(tracee.pid, end - 16, local.address, 4096)).toBe(16);
  expect(processVmRead(tracee.pid, 0, local.address, 8)).toBe(0);
  expect(() => processVmRead(-1, rsp, local.address, 8)).toThrow("ESRCH");
});
