import { expect, test } from "bun:test";
import {
  IOVEC,
  ITIMERVAL,
  KERNEL_SIGACTION,
  PERF_ATTR,
  PERF_ATTR_SIZE,
  REG,
  REGS_SIZE,
  SIGINFO,
  STACK_T,
  TIMEVAL,
  UCONTEXT,
} from "../mod.ts";

test("REG numbers 27 registers without a gap", () => {
  const indices: number[] = Object.values(REG);
  expect(indices).toEqual([...Array(27).keys()]);
  expect(REGS_SIZE).toBe(27 * 8);
});

test("struct sizes follow from their last fields", () => {
  expect(SIGINFO.size).toBe(128);
  expect(KERNEL_SIGACTION.mask + 8).toBe(KERNEL_SIGACTION.size);
  expect(IOVEC.length + 8).toBe(IOVEC.size);
  expect(TIMEVAL.usec + 8).toBe(TIMEVAL.size);
  expect(ITIMERVAL.value + TIMEVAL.size).toBe(ITIMERVAL.size);
  expect(STACK_T.length + 8).toBe(STACK_T.size);
  expect(UCONTEXT.sigmask + 8).toBe(UCONTEXT.size);
});

test("PERF_ATTR fields are adjacent and end where the kernel's sizes say", () => {
  let end: number = 0;
  const fields: (readonly [number, number])[] = Object.values(PERF_ATTR);
  for (const [offset, bytes] of fields) {
    expect(offset).toBe(end);
    end = offset + bytes;
  }
  expect(end).toBe(PERF_ATTR_SIZE.VER8);
  expect(PERF_ATTR.config2[0]).toBe(PERF_ATTR_SIZE.VER0);
  expect(PERF_ATTR.branch_sample_type[0]).toBe(PERF_ATTR_SIZE.VER1);
  expect(PERF_ATTR.sample_regs_user[0]).toBe(PERF_ATTR_SIZE.VER2);
  expect(PERF_ATTR.sample_regs_intr[0]).toBe(PERF_ATTR_SIZE.VER3);
  expect(PERF_ATTR.aux_watermark[0]).toBe(PERF_ATTR_SIZE.VER4);
  expect(PERF_ATTR.aux_sample_size[0]).toBe(PERF_ATTR_SIZE.VER5);
  expect(PERF_ATTR.sig_data[0]).toBe(PERF_ATTR_SIZE.VER6);
  expect(PERF_ATTR.config3[0]).toBe(PERF_ATTR_SIZE.VER7);
});
