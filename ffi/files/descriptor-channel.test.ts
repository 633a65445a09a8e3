import { expect, test } from "bun:test";
import { rawSyscall, SYSCALLS } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { close, ftruncate, memfdCreate, pread, pwrite } from "./files.ts";

/** Takes a descriptor as a child does, which is this process itself here. */
function receive(channel: DescriptorChannel): number {
  using memory = NativeBuffer.map(DescriptorChannel.MESSAGE_BYTES);
  const { number, args, message } = channel.receiveCall(memory.address);
  memory.u8.set(message);
  const [fd = 0, address = 0, flags = 0] = args;
  expect(rawSyscall(number, fd, address, flags)).toBe(1);
  return DescriptorChannel.received(memory.u8);
}

test("a descriptor that was sent is another one of the same open file", () => {
  using channel = new DescriptorChannel();
  const fd = memfdCreate("tickproof-test");
  ftruncate(fd, 4);
  channel.send(fd);
  const received = receive(channel);
  expect(received).toBeGreaterThan(2);
  expect(received).not.toBe(fd);
  pwrite(fd, new Uint8Array([1, 2, 3, 4]), 0);
  close(fd);
  const bytes = new Uint8Array(4);
  expect(pread(received, bytes, 0)).toBe(4);
  expect([...bytes]).toEqual([1, 2, 3, 4]);
  close(received);
});

test("a receiver that can have no more descriptors learns that", () => {
  using channel = new DescriptorChannel();
  channel.send(channel.childEnd);
  using limits = NativeBuffer.map(32);
  const RLIMIT_NOFILE = 7;
  expect(rawSyscall(SYSCALLS.prlimit64, 0, RLIMIT_NOFILE, 0, limits.address)).toBe(0);
  const before = limits.u64[0] ?? 0n;
  limits.u64[0] = 0n;
  limits.u64[2] = before;
  limits.u64[3] = limits.u64[1] ?? 0n;
  rawSyscall(SYSCALLS.prlimit64, 0, RLIMIT_NOFILE, limits.address, 0);
  const received = receive(channel);
  rawSyscall(SYSCALLS.prlimit64, 0, RLIMIT_NOFILE, limits.address + 16, 0);
  expect(received).toBe(-24); // EMFILE
});
