import { test } from "bun:test";
import { closeSync, readSync } from "node:fs";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { O, rawSyscall, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";
import { NotifyingPipe } from "./pipe.ts";

/** A pipe with its reading end alone, and whoever notifies that. */
function makePipe(): { reader: number; pipe: NotifyingPipe } {
  unwrap("pipe2", rawSyscall(SYSCALLS.pipe2, scratch.address, O.CLOEXEC));
  const [reader = -1, writer = -1] = scratch.i32;
  const pipe = new NotifyingPipe(`/proc/self/fd/${writer}`);
  closeSync(writer);
  return { reader, pipe };
}

test("NotifyingPipe is readable after notify() and empty after drain()", () => {
  const { reader, pipe } = makePipe();
  pipe.notify();
  pipe.notify();
  pipe.drain();
  pipe.notify();
  assertEquals(readSync(reader, Buffer.alloc(8)), 1);
  pipe[Symbol.dispose]();
  closeSync(reader);
});

test("NotifyingPipe is abandoned once the last reader has gone", () => {
  const { reader, pipe } = makePipe();
  assertFalse(pipe.abandoned);
  closeSync(reader);
  assert(pipe.abandoned);
  pipe.notify();
  pipe[Symbol.dispose]();
});
