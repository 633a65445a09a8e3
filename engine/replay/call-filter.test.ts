/** The filter is run here as the kernel runs it, over every call and over arguments that must not pass. */
import { expect, test } from "bun:test";
import { CLONE, MAP, PROT, SYSCALLS } from "../../ffi/mod.ts";
import { callFilter, EFFECTIVE_ADVICE } from "./call-filter.ts";

const CHANNEL = 7;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const X86_64 = 0xc000_003e;

/** Runs classic BPF (Documentation/networking/filter.rst), as far as the filter uses it. */
function run(filter: Uint8Array, data: DataView): number {
  const view = new DataView(filter.buffer);
  let accumulator = 0;
  for (let pc = 0; ; pc++) {
    const at = pc * 8;
    const constant = view.getUint32(at + 4, true);
    const [ifTrue, ifFalse] = [view.getUint8(at + 2), view.getUint8(at + 3)];
    switch (view.getUint16(at, true)) {
      case 0x20:
        accumulator = data.getUint32(constant, true);
        break;
      case 0x54:
        accumulator = (accumulator & constant) >>> 0;
        break;
      case 0x15:
        pc += accumulator === constant ? ifTrue : ifFalse;
        break;
      case 0x45:
        pc += (accumulator & constant) >>> 0 !== 0 ? ifTrue : ifFalse;
        break;
      case 0x06:
        return constant;
      default:
        throw new Error(`an instruction that the filter should not have at ${pc}`);
    }
  }
}

const FILTER = callFilter(CHANNEL);

function allowed(number: number, args: readonly (number | bigint)[] = [], arch = X86_64): boolean {
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, number, true);
  data.setUint32(4, arch, true);
  args.forEach((value, i) => {
    data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, BigInt(value)), true);
  });
  const result = run(FILTER, data);
  expect([ALLOW, KILL]).toContain(result);
  return result === ALLOW;
}

test("the filter allows what rebuilding needs", () => {
  expect(allowed(SYSCALLS.mmap, [0x1000, 4096, PROT.READ | PROT.WRITE, MAP.PRIVATE, -1, 0])).toBe(true);
  expect(allowed(SYSCALLS.mmap, [0x1000, 4096, PROT.READ | PROT.EXEC, MAP.SHARED | MAP.FIXED, 9, 0])).toBe(
    true,
  );
  expect(allowed(SYSCALLS.mprotect, [0x1000, 4096, PROT.NONE])).toBe(true);
  for (const advice of EFFECTIVE_ADVICE) expect(allowed(SYSCALLS.madvise, [0, 4096, advice])).toBe(true);
  for (const flags of [0, CLONE.VM, CLONE.VM | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD | CLONE.FS]) {
    expect(allowed(SYSCALLS.clone, [flags, 0, 0, 0, 0])).toBe(true);
  }
  expect(allowed(SYSCALLS.recvmsg, [CHANNEL, 0x11000, 0])).toBe(true);
});

test("the filter allows no memory that is both written and executed", () => {
  const everything = PROT.READ | PROT.WRITE | PROT.EXEC;
  expect(allowed(SYSCALLS.mmap, [0, 4096, everything, MAP.SHARED, -1, 0])).toBe(false);
  expect(allowed(SYSCALLS.mmap, [0, 4096, PROT.READ | PROT.EXEC, MAP.PRIVATE, -1, 0])).toBe(false);
  expect(allowed(SYSCALLS.mmap, [0, 4096, BigInt(PROT.READ) | (1n << 32n), MAP.PRIVATE, -1, 0])).toBe(false);
  for (const protection of [PROT.EXEC, PROT.READ | PROT.EXEC, everything]) {
    expect(allowed(SYSCALLS.mprotect, [0, 4096, protection])).toBe(false);
  }
});

test("the filter allows no other task than replay makes, no other descriptor, no harmful advice", () => {
  for (const flag of [CLONE.NEWNS, CLONE.NEWUSER, CLONE.UNTRACED, CLONE.PARENT, CLONE.VFORK, 17]) {
    expect(allowed(SYSCALLS.clone, [flag])).toBe(false);
  }
  expect(allowed(SYSCALLS.clone, [1n << 33n])).toBe(false);
  expect(allowed(SYSCALLS.recvmsg, [CHANNEL + 1, 0, 0])).toBe(false);
  // MADV_HWPOISON and MADV_SOFT_OFFLINE take pages from the whole machine.
  for (const advice of [100, 101, 21]) expect(allowed(SYSCALLS.madvise, [0, 4096, advice])).toBe(false);
});

test("the filter allows no call but these, whatever its arguments, and none of another architecture", () => {
  const known: readonly number[] = [
    SYSCALLS.mmap,
    SYSCALLS.munmap,
    SYSCALLS.mremap,
    SYSCALLS.remap_file_pages,
    SYSCALLS.mprotect,
    SYSCALLS.madvise,
    SYSCALLS.clone,
    SYSCALLS.exit,
    SYSCALLS.rt_sigreturn,
    SYSCALLS.recvmsg,
    SYSCALLS.close,
    SYSCALLS.modify_ldt,
  ];
  for (let number = -1; number < 1000; number++) {
    if (known.includes(number)) continue;
    for (const value of [0, 1, CHANNEL]) {
      expect(allowed(number, Array(6).fill(value))).toBe(false);
    }
  }
  // The x32 calls have a bit of their own (asm/unistd.h), and i386 has other numbers.
  for (const number of known) {
    expect(allowed(number | 0x4000_0000, [CHANNEL])).toBe(false);
    expect(allowed(number, [CHANNEL], 0x4000_0003)).toBe(false);
  }
});
