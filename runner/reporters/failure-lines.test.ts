import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import type { Attempt } from "../results/mod.ts";
import { good } from "./_fixtures.ts";
import { failureLines } from "./failure-lines.ts";
import { styleFor } from "./style.ts";

const linesOf = (attempt: Attempt) => failureLines(attempt, styleFor(false));

test("failureLines() shows what differs side by side, the events before, the place and the code there", () => {
  const registers = { rax: "0x1", rbx: "0x2", rip: "0x401004" };
  const lines = linesOf({
    ...good,
    divergence: {
      difference: {
        task: 7,
        name: "write",
        expected: { ticks: 1000, registers },
        found: { ticks: 999, registers: { ...registers, rax: "0xffff" } },
      },
      place: { module: "loop", offset: 0x1004, symbol: "main", file: "/src/loop.c", line: 31 },
      lastEvents: ["8 task 7 ticks 12 pc 0x401000: close(0x3) = 0"],
      code: {
        pc: "0x401004",
        path: "/tmp/loop",
        offset: "0x1004",
        lines: ["push rbp", "nop", "nop", "nop", "syscall", "ret"].map((text, i) => ({
          address: `0x40100${i}`,
          bytes: "90",
          text,
        })),
      },
    },
  });
  assertEquals(
    lines.join("\n"),
    `\
at 0x401004 main at loop.c:31
         recorded  replayed
  ticks  1000      999
  rax    0x1       0xffff
the events before it:
  8 task 7 ticks 12 pc 0x401000: close(0x3) = 0
the code there:
    0x401001  nop
    0x401002  nop
    0x401003  nop
  → 0x401004  syscall
    0x401005  ret`,
  );
});

test("failureLines() has a line for each thread of a test whose time was up", () => {
  const libc = { module: "libc.so.6", offset: 0x9a2e1 };
  const main = { module: "wait", offset: 0x122c, symbol: "main", file: "/src/wait.c", line: 31 };
  const thread = { process: 12, pc: "0x7f14" } as const;
  assertEquals(
    linesOf({
      ...good,
      threads: [
        {
          ...thread,
          task: 12,
          state: "blocked",
          syscall: "futex",
          place: libc,
          via: { ...libc, symbol: "pthread_cond_wait" },
          caller: main,
        },
        { ...thread, task: 13, state: "ready", place: main },
        { ...thread, task: 14, state: "blocked", syscall: "read", place: libc },
        { ...thread, task: 15, state: "ready" },
      ],
    }),
    [
      "task 12: in futex (system call) at 0x7f14 pthread_cond_wait (libc.so.6), called from main at wait.c:31",
      "task 13: running at 0x7f14 main at wait.c:31",
      "task 14: in read (system call) at 0x7f14 libc.so.6+0x9a2e1",
      "task 15: running at 0x7f14",
    ],
  );
});
