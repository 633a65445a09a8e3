/** The quantities that translations count where somebody asks for them; `retired.ts` says what each one is. */

/** In the order of their counters. */
export const RETIRED = [
  "instructions",
  /** Near ones and far ones, system calls among them, taken or not. */
  "branches",
  /** Conditional branches that were not taken. */
  "notTaken",
  /** Near calls, near returns, and near jumps and calls to a target from a register or memory. */
  "calls",
  "returns",
  "indirect",
  /** Far branches: `syscall`, `iret`, far jumps, calls and returns. */
  "far",
  /** Instructions that read memory, and that write it; those that do both are in both. */
  "loads",
  "stores",
] as const;

/** One of them. */
export type Quantity = (typeof RETIRED)[number];
