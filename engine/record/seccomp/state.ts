/** What a task knows of seccomp: its mode, its filters, and whether an execve may give it more rights (no_new_privs). */
import { readFileSync } from "node:fs";
import type { FilterChain } from "./filter-chain.ts";

/** SECCOMP_MODE_* (linux/seccomp.h). */
export const MODE = { off: 0, strict: 1, filter: 2 } as const;

/** Never changed: tasks that are made later have the same one. */
export interface SeccompState {
  readonly mode: number;
  readonly filters: FilterChain | undefined;
  readonly noNewPrivs: boolean;
  /** Filters that it has had from whoever started the recorder; the kernel runs these itself. */
  readonly outer: number;
}

/** Of a program that nobody has filtered. */
export const UNFILTERED: SeccompState = { mode: MODE.off, filters: undefined, noNewPrivs: false, outer: 0 };

/** How many filters a task has, as /proc says it. */
export function filterCount({ filters, outer }: SeccompState): number {
  return outer + (filters?.count ?? 0);
}

/**
 * What a program would have that this process starts now (proc_pid_status(5)).
 */
export function inheritedSeccomp(status = readFileSync("/proc/self/status", "latin1")): SeccompState {
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(status)?.[1] ?? 0);
  return {
    ...UNFILTERED,
    mode: field("Seccomp"),
    noNewPrivs: field("NoNewPrivs") !== 0,
    outer: field("Seccomp_filters"),
  };
}
