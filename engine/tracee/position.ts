/**
 * Where a task stands in its program: one of these, and so never two that have to be kept in step.
 *
 * Invariant: a pc of the code cache, in `rip` or as the kernel leaves it in `rcx`, is of use in that cache alone. What it
 * stands for says the position, and whoever takes a task out of the cache has to say it for each kind.
 */
import type { Between, PollTrap } from "../translate/traps.ts";

/** See the file's head. */
export type Position =
  /** In front of the instruction at an app pc, with the program's own registers: it goes on there in whichever cache. */
  | { readonly kind: "program"; readonly pc: number }
  /** Likewise, where a debugger has stopped it: a branch may be counted already. */
  | { readonly kind: "between"; readonly between: Between }
  /** At a poll of the cache, with the program's own registers: the branch is in the counters, and not in `ticks`. */
  | { readonly kind: "poll"; readonly trap: PollTrap }
  /**
   * In a system call of the cache, or behind it. The kernel leaves the cache pc in rcx: in this cache the next
   * instruction mends that, in another one nothing would.
   */
  | { readonly kind: "call"; readonly next: number }
  /** In the cache, at what stands for the instruction at `pc`; if it has run since, it has come there last. */
  | { readonly kind: "cache"; readonly pc: number };

/** A task that has never stood anywhere. */
export const NOWHERE: Position = { kind: "cache", pc: 0 };

/** The app pc where a task goes on. */
export function programPc(position: Position): number {
  switch (position.kind) {
    case "program":
    case "cache":
      return position.pc;
    case "between":
      return position.between.pc;
    case "poll":
      return position.trap.pc;
    case "call":
      return position.next;
  }
}
