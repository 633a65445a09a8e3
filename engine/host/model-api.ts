/**
 * What the engine and the runner ask of the model of a described host. The model has no clock and no processor:
 * whoever runs a program (or pretends to) tells it how far each task has come.
 */
import type { CpuidResult, PerfSystem } from "../../ffi/mod.ts";
import type { HostProfile } from "./profile.ts";

/** What a task has retired in user mode, where somebody has counted it. */
export interface RetiredCounts {
  readonly instructions: number;
  /** Near and far branches, taken or not, system calls among them. */
  readonly branches: number;
  /** Conditional branches that were not taken. */
  readonly notTaken: number;
  readonly calls: number;
  readonly returns: number;
  readonly indirect: number;
  readonly far: number;
  /** Instructions that read memory, and that write it. */
  readonly loads: number;
  readonly stores: number;
}

/** How far the count of an event can be believed: it is counted, it follows from a rule of thumb, or it is always 0. */
export type Certainty = "exact" | "estimated" | "unknown";

/** What a task has done since the model heard of it last. All counts are of user mode. */
export interface Progress {
  /** Retired conditional branches, outside of transactions. */
  readonly branches: number;
  /** Instructions; where nobody counted them, a model may estimate them from the branches. */
  readonly instructions?: number;
  /** All that was retired, counted exactly; `branches` and the like are among its branches. @default nobody counted */
  readonly retired?: RetiredCounts;
  /** Retired lock-prefixed instructions. */
  readonly lockedInstructions?: number;
  /** Conditional branches in transactions that committed, and in some that were aborted and rolled back. */
  readonly committedBranches?: number;
  readonly abortedBranches?: number;
  /** How those transactions were begun: by elided locks, or by XBEGIN. @default "hle" */
  readonly transactions?: "hle" | "rtm";
}

/** A line of a log, and how often it was said. */
export interface CountedLine {
  readonly line: string;
  readonly count: number;
}

/** A counter has overflowed: the kernel would signal its owner now. */
export interface Overflow {
  readonly fd: number;
  /** Task whose progress made it overflow. */
  readonly task: number;
}

/** A described host with its kernel, hypervisor and PMU, as programs see it. */
export interface HostModel {
  readonly profile: HostProfile;
  /** perf system calls as `task` makes them; descriptors are numbers of the model's own, per task's process. */
  perfFor(task: number): PerfSystem;
  cpuid(leaf: number, subleaf: number): CpuidResult;
  /** Contents of a file that tells of the host (`/proc/sys/kernel/…`, `/proc/cpuinfo`, `/sys/…`), or undefined. */
  readFile(path: string): string | undefined;
  /** Names in a directory of such files, or undefined. */
  readDirectory(path: string): readonly string[] | undefined;
  /** Whether programs may write to that file at all, as root. */
  isSetting(path: string): boolean;
  /** A program writes to a setting (`/proc/sys/kernel/perf_…`), whose new value counts from now on. @returns 0 or −errno. */
  writeFile(path: string, text: string): number;
  /** What the guest's kernel said while it started, as far as it concerns counters. */
  readonly bootLog: readonly string[];
  /** Lines that the guest's kernel has logged since its start. */
  readonly kernelLog: readonly string[];
  /** Lines that the kernel of the hypervisor's host has logged: a guest never sees them. */
  readonly hypervisorLog: readonly string[];
  /** Events that the kernel of the hypervisor's host has refused, with how often, in the order of their first. */
  readonly refusals: readonly CountedLine[];
  /** Whether an open event counts locked instructions, so that it is worth telling of them. */
  readonly countsLocks: boolean;
  /** Whether an open event counts what only {@link Progress.retired} tells, so that it is worth counting. */
  readonly countsRetired: boolean;
  /** Whether any event is open. */
  readonly hasEvents: boolean;
  /** How far the count of an open event can be believed, if `retired` is told. */
  certainty(fd: number): Certainty;
  /** A signal has been delivered to the running task. */
  signalled(signal: number): void;
  /** A task gets the processor. */
  switchIn(task: number): void;
  /** It loses it. @returns Overflows that came with that, above all of events that count context switches. */
  switchOut(task: number): readonly Overflow[];
  /** A running task has come so far. Its perf calls are made while it runs. @returns Overflows whose interrupts came in that time, in order. */
  advance(task: number, progress: Progress): readonly Overflow[];
  /**
   * Branches after which the next interrupt comes to `task`, skid included; 0 if {@link advance} has overflows to
   * tell of at once, undefined if nothing is in sight. It may come to nothing: ask again then.
   */
  nextInterrupt(task: number): number | undefined;
  /** A forked child or a new thread: inherited events go on in it. */
  fork(parent: number, child: number): void;
  exit(task: number): void;
}
