/**
 * This kernel as a {@link PerfSystem}: the calls, one to one. Reading is the hot path, so it hands the caller's own
 * array to the kernel: nothing is allocated or converted, and the array's address is taken anew at each call,
 * since an address that is kept goes stale when the JIT moves the array's elements.
 */

import {
  ERRNO,
  nativeFunction,
  POLLFD,
  rawSyscall,
  retry,
  SYSCALLS,
  SyscallError,
  WORD,
} from "../kernel/mod.ts";
import { loadCode, NativeBuffer, scratch } from "../memory/mod.ts";
import { SYSCALL_LISTING } from "../stubs/syscall.ts";
import { PERF_ATTR } from "./attr.ts";
import { PERF_IOC } from "./constants.ts";
import { straightRun } from "./straight-run.ts";
import type { PerfMapping, PerfSystem } from "./system.ts";

const stub = loadCode(SYSCALL_LISTING)("syscall_stub");
/** read(2) of an event never sleeps, so that no signal interrupts it and no loop is needed. */
const read = nativeFunction<(nr: number, fd: number, into: BigUint64Array, bytes: number) => number>(
  stub,
  ["i32", "i32", "ptr", "i32"],
  "i32",
);
const ioctl = nativeFunction<(nr: number, fd: number, request: number, argument: number | bigint) => number>(
  stub,
  ["i32", "i32", "u32", WORD],
  "i32",
);

const PAGE = 4096;
const POLLIN = 1;
const pollfd = NativeBuffer.map(POLLFD.size);
const attrPage = NativeBuffer.map(PAGE);

function open(attr: Uint8Array, pid: number, cpu: number, group: number, flags: number): number {
  // Zeros behind the caller's bytes: the kernel reads as much as attr.size says, and takes no more than a page.
  attrPage.u8.set(attr.subarray(0, PAGE));
  attrPage.u8.fill(0, attr.length);
  const result = retry(SYSCALLS.perf_event_open, attrPage.address, pid, cpu, group, flags);
  // With E2BIG the kernel leaves the size that it knows in the struct.
  const [offset, bytes] = PERF_ATTR.size;
  if (result === -ERRNO.E2BIG) attr.set(attrPage.u8.subarray(offset, offset + bytes), offset);
  return result;
}

function map(fd: number, pages: number): PerfMapping | number {
  try {
    const buffer = NativeBuffer.shared(fd, (1 + pages) * PAGE);
    return {
      bytes: buffer.u8,
      view: buffer.view,
      address: buffer.address,
      [Symbol.dispose]: () => buffer[Symbol.dispose](),
    };
  } catch (error) {
    if (error instanceof SyscallError) return -error.errno;
    throw error;
  }
}

function poll(fd: number, milliseconds: number): number {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; ; left = Math.max(0, Math.ceil(end - performance.now()))) {
    pollfd.view.setInt32(0, fd, true);
    pollfd.view.setInt16(POLLFD.events, POLLIN, true);
    pollfd.view.setInt16(POLLFD.revents, 0, true);
    const result = rawSyscall(SYSCALLS.poll, pollfd.address, 1, left);
    if (result === -ERRNO.EINTR) continue;
    return result < 0 ? result : pollfd.view.getInt16(POLLFD.revents, true);
  }
}

/** The perf system calls of this kernel, for the calling thread. */
export const livePerf: PerfSystem = {
  open,
  close: (fd) => rawSyscall(SYSCALLS.close, fd),
  ioctl(fd, request, argument) {
    if (request !== PERF_IOC.PERIOD) return ioctl(SYSCALLS.ioctl, fd, request, argument);
    scratch.u64[0] = BigInt.asUintN(64, BigInt(argument));
    return ioctl(SYSCALLS.ioctl, fd, request, scratch.address);
  },
  id(fd) {
    const result = ioctl(SYSCALLS.ioctl, fd, PERF_IOC.ID, scratch.address);
    return result < 0 ? result : Number(scratch.u64[0]);
  },
  read: (fd, into) => read(SYSCALLS.read, fd, into, into.byteLength),
  map,
  poll,
  run: straightRun,
};
