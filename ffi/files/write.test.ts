import { test } from "bun:test";
import { closeSync, readSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { scratch } from "../memory/mod.ts";
import {
  clearInterrupt,
  ERRNO,
  installInterrupts,
  O,
  pendingInterrupt,
  rawSyscall,
  restoreDefault,
  SIG,
  SYSCALLS,
  setTimer,
  unwrap,
  writeNow,
  writeSome,
} from "../mod.ts";

/** The two ends of a new pipe. */
function makePipe(flags: number): { reader: number; writer: number } {
  unwrap("pipe2", rawSyscall(SYSCALLS.pipe2, scratch.address, O.CLOEXEC | flags));
  const [reader = -1, writer = -1] = scratch.i32;
  return { reader, writer };
}

for (const [kind, flags] of [
  ["blocking", 0],
  ["non-blocking", O.NONBLOCK],
] as const) {
  test(`writeSome() fills a ${kind} pipe, and an interrupt ends its wait for more room`, () => {
    const { reader, writer } = makePipe(flags);
    const bytes = new Uint8Array(200_000).fill(7);
    installInterrupts([SIG.SIGALRM]);
    assertEquals(writeSome(writer, bytes.subarray(0, 10_000)), 10_000);
    setTimer(20);
    let result = writeSome(writer, bytes);
    while (result >= 0) result = writeSome(writer, bytes);
    assertEquals(result, -ERRNO.EINTR);
    assertEquals(pendingInterrupt(), SIG.SIGALRM);
    // It says so until the interrupt is dealt with, also where there is room.
    const read = new Uint8Array(8192);
    assertEquals(readSync(reader, read), 8192);
    assertEquals(read, bytes.subarray(0, 8192));
    assertEquals(writeSome(writer, bytes), -ERRNO.EINTR);
    assertEquals(writeNow(writer, bytes), 4096);
    clearInterrupt();
    restoreDefault(SIG.SIGALRM);
    closeSync(writer);
    closeSync(reader);
  });
}

test("writeNow() writes nothing where there is no room", () => {
  const { reader, writer } = makePipe(0);
  const bytes = new Uint8Array(100);
  let result = writeNow(writer, bytes);
  while (result > 0) result = writeNow(writer, bytes);
  assertEquals(result, -ERRNO.EAGAIN);
  closeSync(reader);
  assertEquals(writeNow(writer, bytes), -ERRNO.EPIPE);
  closeSync(writer);
});

test("writeSome() says what is wrong with a descriptor", () => {
  assertEquals(writeSome(-1, new Uint8Array(1)), -ERRNO.EBADF);
});
