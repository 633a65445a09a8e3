import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Counter, livePerf, nativeWords, PERF_IOC, readPageTime } from "../../ffi/mod.ts";
import { findCompiler } from "../../runner/programs/compiler.ts";
import { openCSide } from "./c-side.ts";
import { pageOfTsc } from "./operations.ts";

const c = await openCSide();
const missing = "missing" in c ? c.missing : undefined;

test("openCSide() says why there is no C", async () => {
  const without = await openCSide(() => findCompiler({ CC: "no-such-cc" }));
  assert("missing" in without);
  assertStringIncludes(without.missing, "no-such-cc");
});

test.skipIf(missing !== undefined)(`page time in C is that of readPageTime() (${missing ?? "C"})`, () => {
  assert("loops" in c);
  using words = nativeWords(2);
  using page = pageOfTsc();
  const [before, after] = [words.u64.subarray(0, 1), words.u64.subarray(1)];
  const time = new BigUint64Array(1);
  assertEquals(c.loops.time_page(2, page.address, words.address, 0), 2 * 8);
  assertEquals(readPageTime(page.address, time), 8);
  assertEquals(c.loops.time_page(1, page.address, words.address + 8, 0), 8);
  assert(before[0]! <= time[0]! && time[0]! <= after[0]! && after[0]! > 0n);
});

test.skipIf(missing !== undefined)(`the loops in C do what they are named after (${missing ?? "C"})`, () => {
  assert("loops" in c);
  const { loops } = c;
  using counter = Counter.open("page-faults:u");
  using words = nativeWords();
  using descriptors = nativeWords(1);
  new Int32Array(descriptors.u8.buffer)[0] = counter.fd;
  const bytes = words.u64.byteLength;
  // Each gives the sum of what its calls return.
  assertEquals(loops.empty_call(5, 0, 0, 0), 0);
  for (const loop of [loops.read_inline, loops.read_called, loops.read_libc]) {
    assertEquals(loop(3, counter.fd, words.address, bytes), 3 * bytes);
  }
  assertEquals(loops.ioctl_inline(1, descriptors.address, PERF_IOC.ENABLE, 0), 0);
  words.u64[1] = 0n;
  loops.read_inline(1, counter.fd, words.address, bytes);
  assert(words.u64[1] > 0n, "it was enabled for some time");
  const page = livePerf.map(counter.fd, 0);
  assert(typeof page === "object");
  assertEquals(
    loops.read_page(2, page.address, counter.fd, words.address),
    2 * bytes,
    "by the kernel: no PMU counter",
  );
  page[Symbol.dispose]();
  assertEquals(loops.open_close_inline(2, 0, 0, 0), 2 * -9, "no attr, no event: close gives EBADF");
});
