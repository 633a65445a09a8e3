/** A recording that was made on one processor replays on another one, whatever the program asks of the processor. */
import { test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { findCompiler } from "../runner/programs/compiler.ts";
import { hostTest, run, Scratch, TICKPROOF } from "./_tickproof.ts";

/** By ways that leave the kernel out: the limit of a segment, and rdtscp, have the number of the processor in them. */
const ASKS = `
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(void) {
  unsigned long hash = 0;
  for (int i = 0; i < 20; i++) {
    unsigned limit = 0, number = 0, low, high, called = 0;
    __asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(0x7b));
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(number));
    syscall(SYS_getcpu, &called, 0, 0);
    if ((limit & 0xfff) != called || (number & 0xfff) != called) return 1;
    hash = hash * 31 + limit + low;
  }
  printf("%lx\\n", hash);
  return 0;
}
`;

/** The first and the last of the processors that this process may run on (proc_pid_status(5): "0-3,8"). */
function allowed(): { first: string; last: string } {
  const list = /^Cpus_allowed_list:\t(.+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  return { first: /^\d+/.exec(list)?.[0] ?? "", last: /\d+$/.exec(list)?.[0] ?? "" };
}

const { first, last } = allowed();
const NAME = "what lsl, rdtscp and getcpu say on one processor they say in a replay on another one";

if (first === last)
  test.skip(`${NAME} (skipped: this process may run on one processor alone)`, replaysElsewhere);
else hostTest(NAME, ["taskset"], replaysElsewhere);

function replaysElsewhere(): void {
  using scratch = new Scratch();
  const [source, program, trace] = [scratch.file("asks.c"), scratch.file("asks"), scratch.file("trace")];
  writeFileSync(source, ASKS);
  const { exit, stderr } = run([...findCompiler(process.env, "c").command, "-O1", source, "-o", program]);
  assertEquals(exit, { code: 0 }, stderr);
  const recorded = run(["taskset", "-c", "0", ...TICKPROOF, "record", "--quiet", "-o", trace, "--", program]);
  assertEquals([recorded.exit, recorded.stderr], [{ code: 0 }, ""]);
  const replayed = run(["taskset", "-c", last, ...TICKPROOF, "replay", "--quiet", trace]);
  assertEquals(
    [replayed.exit, replayed.stderr, String(replayed.stdout)],
    [{ code: 0 }, "", String(recorded.stdout)],
  );
}
