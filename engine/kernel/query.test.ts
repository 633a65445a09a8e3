import { expect, test } from "bun:test";
import { ERRNO, SYSCALLS, type SyscallName } from "../../ffi/mod.ts";
import {
  answer,
  blocks,
  bytesSent,
  movesTo,
  outputRanges,
  refusal,
  type SyscallSpec,
  syscallSpec,
} from "./mod.ts";
import { type FakeMemory, fakeCall } from "./test/fake-call.ts";

const IOVECS = { 4096: 0xa000, 4104: 10, 4112: 0xb000, 4120: 20, 4128: 0xc000, 4136: 30 };

/** The kernel's `struct user_msghdr` at 0x2000 with the iovecs above. */
const MESSAGE = {
  8192: 0xd000,
  8200: 16,
  8208: 0x1000,
  8216: 3,
  8224: 0xe000,
  8232: 24,
  ...IOVECS,
};

function spec(name: SyscallName): SyscallSpec {
  const found = syscallSpec(SYSCALLS[name]);
  if (found === undefined) {
    throw new Error(`no spec of ${name}`);
  }
  return found;
}

/** What a call wrote, as [address, length] pairs. */
function written(name: SyscallName, args: number[], result: number, memory?: FakeMemory): number[][] {
  return outputRanges(spec(name), fakeCall(name, args, result, memory)).map((range) => [
    range.address,
    range.length,
  ]);
}

function sent(name: SyscallName, args: number[], result: number, memory?: FakeMemory) {
  return bytesSent(spec(name), fakeCall(name, args, result, memory));
}

function sleeps(name: SyscallName, args: number[], memory?: FakeMemory): boolean {
  return blocks(spec(name), fakeCall(name, args, 0, memory));
}

test("syscallSpec() knows every system call of the kernel by its name", () => {
  for (const [name, number] of Object.entries(SYSCALLS)) {
    expect(syscallSpec(number)).toMatchObject({ name, number });
  }
  expect(syscallSpec(337)).toBeUndefined();
  expect(syscallSpec(100_000)).toBeUndefined();
  expect(syscallSpec(-1)).toBeUndefined();
});

test("syscallSpec() gives a reason for every call that does not run", () => {
  for (const number of Object.values(SYSCALLS)) {
    const { handling, errno, reason } = syscallSpec(number) ?? {};
    expect(typeof reason).toBe(handling === "absent" ? "string" : "undefined");
    expect(typeof errno).toBe(handling === "absent" ? "number" : "undefined");
  }
});

test("outputRanges() of read is as long as the result", () => {
  expect(written("read", [3, 0x5000, 100], 7)).toEqual([[0x5000, 7]]);
  expect(written("read", [3, 0x5000, 100], 0)).toEqual([]);
  expect(written("read", [3, 0x5000, 100], -ERRNO.EAGAIN)).toEqual([]);
});

test("outputRanges() of readv stops where the result ends", () => {
  expect(written("readv", [3, 0x1000, 3], 25, { u64: IOVECS })).toEqual([
    [0xa000, 10],
    [0xb000, 15],
  ]);
});

test("outputRanges() of stat is its structure, also where it failed half-way through it", () => {
  expect(written("fstat", [3, 0x5000], 0)).toEqual([[0x5000, 144]]);
  expect(written("fstat", [3, 0x5000], -ERRNO.EFAULT)).toEqual([[0x5000, 144]]);
  expect(written("fstat", [3, 0x5000], -ERRNO.EBADF)).toEqual([]);
});

test("outputRanges() leaves null pointers out", () => {
  expect(written("wait4", [-1, 0, 0, 0], 12)).toEqual([]);
  expect(written("wait4", [-1, 0x5000, 0, 0], 12)).toEqual([[0x5000, 4]]);
});

test("outputRanges() of recvmsg has data, address, control data and header", () => {
  expect(written("recvmsg", [3, 0x2000, 0], 12, { u64: MESSAGE })).toEqual([
    [0xa000, 10],
    [0xb000, 2],
    [0xd000, 16],
    [0x2000, 56],
    [0xe000, 24],
    [0xe000, 24],
  ]);
});

test("outputRanges() of recvmsg has the control data even where there was no message", () => {
  expect(written("recvmsg", [3, 0x2000, 0], -ERRNO.EAGAIN, { u64: MESSAGE })).toEqual([[0xe000, 24]]);
});

test("outputRanges() of recvmmsg has each message by its own length", () => {
  expect(written("recvmmsg", [3, 0x2000, 1, 0, 0x6000], 1, { u64: MESSAGE, u32: { 8248: 4 } })).toEqual([
    [0xa000, 4],
    [0xd000, 16],
    [0x2000, 56],
    [0xe000, 24],
    [0x2000, 64],
    [0x6000, 16],
    [0xe000, 24],
  ]);
});

test("outputRanges() of recvfrom does not exceed the buffer for a truncated packet", () => {
  const memory = { u32: { 28672: 16 } };
  expect(written("recvfrom", [3, 0x5000, 8, 0x20, 0x6000, 0x7000], 500, memory)).toEqual([
    [0x5000, 8],
    [0x6000, 16],
    [0x7000, 4],
  ]);
});

test("outputRanges() of accept cuts an address to the longest that there is", () => {
  const memory = { u32: { 28672: 9999 } };
  expect(written("accept", [3, 0x6000, 0x7000], 4, memory)).toEqual([
    [0x6000, 128],
    [0x7000, 4],
  ]);
});

test("outputRanges() of select has whole words of each set, and the time left in any case", () => {
  expect(written("select", [65, 0x1000, 0, 0x3000, 0x4000], 1)).toEqual([
    [0x1000, 16],
    [0x3000, 16],
    [0x4000, 16],
  ]);
  expect(written("select", [65, 0x1000, 0, 0x3000, 0x4000], -514)).toEqual([[0x4000, 16]]);
});

test("outputRanges() of poll has all descriptors, also when a signal broke it off", () => {
  expect(written("poll", [0x1000, 3, -1], 1)).toEqual([[0x1000, 24]]);
  expect(written("poll", [0x1000, 3, -1], -ERRNO.EINTR)).toEqual([[0x1000, 24]]);
  expect(written("ppoll", [0x1000, 3, 0x2000], -514)).toEqual([
    [0x1000, 24],
    [0x2000, 16],
  ]);
});

test("outputRanges() bounds what a failed call may have written", () => {
  expect(written("poll", [0x1000, 0xffff_ffff, -1], -ERRNO.EINVAL)).toEqual([[0x1000, 2 ** 24]]);
  expect(written("mincore", [0, 2 ** 50, 2 ** 47 - 100], -ERRNO.ENOMEM)).toEqual([[2 ** 47 - 100, 100]]);
});

test("outputRanges() of epoll_wait has packed events", () => {
  expect(written("epoll_wait", [3, 0x1000, 64, -1], 3)).toEqual([[0x1000, 36]]);
});

test("outputRanges() of nanosleep has the time left when a signal broke it off", () => {
  expect(written("nanosleep", [0x1000, 0x2000], -516)).toEqual([[0x2000, 16]]);
  expect(written("clock_nanosleep", [1, 0, 0x1000, 0x2000], -516)).toEqual([[0x2000, 16]]);
});

test("outputRanges() of waitid has the siginfo even without a child", () => {
  expect(written("waitid", [0, 0, 0x1000, 4, 0x2000], -ERRNO.ECHILD)).toEqual([[0x1000, 128]]);
});

test("outputRanges() of getdents64 is as long as the result", () => {
  expect(written("getdents64", [3, 0x1000, 32768], 480)).toEqual([[0x1000, 480]]);
});

test("outputRanges() of getsockopt goes by the length at exit", () => {
  const memory = { u32: { 12288: 4 } };
  expect(written("getsockopt", [3, 1, 4, 0x2000, 0x3000], 0, memory)).toEqual([
    [0x2000, 4],
    [0x3000, 4],
  ]);
  // SO_GET_FILTER counts instructions.
  expect(written("getsockopt", [3, 1, 26, 0x2000, 0x3000], 0, memory)).toContainEqual([0x2000, 32]);
  // SO_PEERSEC says how long a buffer it needs.
  expect(written("getsockopt", [3, 1, 31, 0x2000, 0x3000], -ERRNO.ERANGE, memory)).toEqual([[0x3000, 4]]);
});

test("outputRanges() of futex has a word only for operations that store one", () => {
  const WAKE = 1 | 128;
  const WAKE_OP = 5 | 128;
  const LOCK_PI = 6 | 128;
  expect(written("futex", [0x1000, WAKE, 1, 0, 0x2000], 0)).toEqual([]);
  expect(written("futex", [0x1000, WAKE_OP, 1, 0, 0x2000], 1)).toEqual([[0x2000, 4]]);
  expect(written("futex", [0x1000, LOCK_PI, 0, 0, 0], -ERRNO.EINTR)).toEqual([[0x1000, 4]]);
});

test("outputRanges() of ioctl knows old requests, decodes new ones, and ignores files that have neither", () => {
  expect(written("ioctl", [0, 0x5401, 0x1000], 0)).toEqual([[0x1000, 44]]);
  expect(written("ioctl", [0, 0x5401, 0x1000], -ERRNO.ENOTTY)).toEqual([]);
  expect(written("ioctl", [0, 0x5413, 0x1000], 0)).toEqual([[0x1000, 8]]);
  expect(written("ioctl", [0, 0x802c542a, 0x1000], 0)).toEqual([[0x1000, 44]]);
  expect(written("ioctl", [0, 0x402c542b, 0x1000], 0)).toEqual([]);
  expect(written("ioctl", [0, 0x400454ca, 0x1000], 0)).toEqual([[0x1000, 40]]);
  expect(written("ioctl", [3, 0x8912, 0x1000], 0, { u32: { 4096: 80 }, u64: { 4104: 0x9000 } })).toEqual([
    [0x1000, 16],
    [0x9000, 80],
  ]);
  expect(written("ioctl", [3, 0xc020660b, 0x1000], 0, { u32: { 4120: 2 } })).toEqual([[0x1000, 32 + 2 * 56]]);
});

test("outputRanges() of fcntl and prctl go by the command", () => {
  expect(written("fcntl", [3, 5, 0x1000], 0)).toEqual([[0x1000, 32]]);
  expect(written("fcntl", [3, 3, 0x1000], 0)).toEqual([]);
  expect(written("prctl", [16, 0x1000], 0)).toEqual([[0x1000, 16]]);
  expect(written("prctl", [15, 0x1000], 0)).toEqual([]);
});

test("outputRanges() of xattr and group queries write nothing into a buffer of size 0", () => {
  expect(written("getxattr", [0x1000, 0x2000, 0x3000, 0], 30)).toEqual([]);
  expect(written("getgroups", [0, 0x3000], 5)).toEqual([]);
  expect(written("getgroups", [64, 0x3000], 5)).toEqual([[0x3000, 20]]);
});

test("bytesSent() is cut to what was sent", () => {
  expect(sent("write", [1, 0x5000, 100], 60)).toEqual({ fd: 1, ranges: [{ address: 0x5000, length: 60 }] });
  expect(sent("writev", [2, 0x1000, 3], 11, { u64: IOVECS })).toEqual({
    fd: 2,
    ranges: [
      { address: 0xa000, length: 10 },
      { address: 0xb000, length: 1 },
    ],
  });
  expect(sent("sendmsg", [4, 0x2000], 12, { u64: MESSAGE })?.ranges).toEqual([
    { address: 0xa000, length: 10 },
    { address: 0xb000, length: 2 },
  ]);
  expect(sent("write", [1, 0x5000, 100], -ERRNO.EPIPE)).toBeUndefined();
  expect(sent("read", [1, 0x5000, 100], 60)).toBeUndefined();
});

test("movesTo() gives the destination of calls that bypass the program's memory", () => {
  const destination = (name: SyscallName, args: number[]) => movesTo(spec(name), fakeCall(name, args, 0));
  expect(destination("sendfile", [1, 5])).toEqual({ fd: 1, errno: ERRNO.EINVAL });
  expect(destination("splice", [5, 0, 1])?.fd).toBe(1);
  expect(destination("tee", [5, 1])?.fd).toBe(1);
  expect(destination("copy_file_range", [5, 0, 1])?.fd).toBe(1);
  expect(destination("vmsplice", [1])?.fd).toBe(1);
  expect(destination("write", [1])).toBeUndefined();
});

test("answer() gives the error of a kernel without the feature", () => {
  const given = (name: SyscallName, args: number[]) => answer(spec(name), fakeCall(name, args, 0));
  expect(given("io_uring_setup", [])).toBe(-ERRNO.ENOSYS);
  expect(given("prctl", [72, 1])).toBe(-ERRNO.EINVAL);
  expect(given("getsockopt", [3, 6, 35])).toBe(-ERRNO.ENOPROTOOPT);
  expect(given("prctl", [22, 2])).toBeUndefined();
  expect(given("prctl", [15, 0x1000])).toBeUndefined();
  expect(given("arch_prctl", [0x1002, 0x1000])).toBeUndefined();
  expect(given("arch_prctl", [0x5001, 1])).toBe(-ERRNO.EINVAL);
  expect(given("fcntl", [3, 9999])).toBe(-ERRNO.EINVAL);
  expect(given("fcntl", [3, 1030])).toBeUndefined();
});

test("refusal() says why a call cannot be recorded once it has done something", () => {
  const refused = (name: SyscallName, args: number[]) => refusal(spec(name), fakeCall(name, args, 0));
  expect(refused("ioctl", [3, 0x1234, 0])).toBeUndefined();
  expect(refused("ioctl", [3, 0xae80, 0])).toContain("KVM_RUN");
  expect(refused("ioctl", [3, 0x3b64, 0])).toContain("VFIO");
  expect(refused("ioctl", [3, 0xc0106400, 0])).toContain("graphics");
  expect(refused("ioctl", [3, 0x5401, 0])).toBeUndefined();
  expect(refused("ioctl", [3, 0x8004_5200, 0])).toBeUndefined();
  expect(refused("prctl", [35, 6])).toContain("PR_SET_MM");
  expect(refused("prctl", [35, 8])).toBeUndefined();
  expect(refused("setsockopt", [3, 0, 64, 0x1000])).toContain("packet filters");
  expect(refused("setsockopt", [3, 263, 5, 0x1000])).toBeUndefined();
  expect(refused("ptrace", [16, 1])).toContain("traces");
  const map = (flags: number) => fakeCall("bpf", [0, 0x1000, 72], 0, { u32: { 4096: 2, 4112: flags } });
  expect(refusal(spec("bpf"), map(1 << 10))).toContain("bpf");
  expect(refusal(spec("bpf"), map(0))).toBeUndefined();
  expect(refused("read", [])).toBeUndefined();
});

test("answer() refuses to end the machine, and leaves it to the kernel to say that a magic number is wrong", () => {
  const given = (...args: number[]) => answer(spec("reboot"), fakeCall("reboot", args, 0));
  expect(given(0xfee1dead, 672274793, 0x1234567)).toBe(-ERRNO.EPERM);
  expect(given(0xfee1dead, 85072278, 0xcdef0123)).toBe(-ERRNO.EPERM);
  expect(given(0xfee1dead, 672274793, 0)).toBeUndefined();
  expect(given(0xfee1dead, 1, 0x1234567)).toBeUndefined();
});

test("blocks() looks at flags, commands and timeouts", () => {
  expect(sleeps("read", [0])).toBe(true);
  expect(sleeps("getpid", [])).toBe(false);
  expect(sleeps("futex", [0, 0 | 128])).toBe(true);
  expect(sleeps("futex", [0, 1 | 128])).toBe(false);
  expect(sleeps("wait4", [-1, 0, 1])).toBe(false);
  expect(sleeps("recvmsg", [3, 0, 0x40])).toBe(false);
  expect(sleeps("poll", [0, 0, 0])).toBe(false);
  expect(sleeps("poll", [0, 0, -1])).toBe(true);
  expect(sleeps("fcntl", [3, 7])).toBe(true);
  expect(sleeps("fcntl", [3, 6])).toBe(false);
  expect(sleeps("openat", [-100, 0, 0o4000])).toBe(false);
  expect(sleeps("ppoll", [0, 0, 0])).toBe(true);
  expect(sleeps("ppoll", [0, 0, 0x1000], { u64: { 4096: 0, 4104: 5 } })).toBe(true);
  expect(sleeps("ppoll", [0, 0, 0x1000], { u64: { 4096: 0, 4104: 0 } })).toBe(false);
});
