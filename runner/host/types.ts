/** Hosts, probes and findings: the types of this folder. */
import type { HostFacts, PerfSystem } from "../../ffi/mod.ts";

/** What a recording asks of the kernel beside perf, and what can be tried without harm. */
export type Attempt =
  | "ptrace"
  | "ptrace-sysemu"
  | "personality"
  | "seccomp"
  | "proc-mem"
  | "process-vm"
  | "memfd"
  | "shared-memory"
  | "kcmp"
  | "low-memory";

/** How an attempt went. */
export type Attempted =
  | { readonly works: true }
  /** The system call that refused, and its error: "EPERM". */
  | { readonly works: false; readonly call: string; readonly code: string };

/** How a program of the host ran. */
export interface Execution {
  /** Exit code; undefined where it was ended by a signal, or took too long. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine that can be asked: this one, or a described one. Probes see nothing else. */
export interface Host extends HostFacts {
  /** "live", or the profile's name. */
  readonly name: string;
  readonly kind: "live" | "described";
  readonly perf: PerfSystem;
  /** Lines of the kernel's log, oldest first; undefined where they can't be read. */
  kernelLog(): readonly string[] | undefined;
  /** Processors that this process may use, one bit each; undefined where that isn't told. */
  allowedProcessors(): bigint | undefined;
  /** Tries something for real; undefined where that can't be tried, as on a described host. */
  attempt(what: Attempt): Attempted | undefined;
  /** Where a program of the host is; null if it has none, undefined where that isn't told. */
  findProgram(name: string): string | null | undefined;
  /** Runs a program of the host in an empty folder that is removed behind it; undefined where that can't be. */
  execute(command: readonly string[]): Execution | undefined;
  /** The compiler for programs in C, or why there is none; undefined where that isn't told. */
  compiler(): { readonly identity: string } | { readonly missing: string } | undefined;
  /** Where traces go, and how many bytes fit there; undefined where that isn't told. */
  traceSpace(): { readonly folder: string; readonly bytes: number } | undefined;
}

/** Engines that can record and replay. */
export type EngineName = "embedded" | "rr";

/** Numbers that were measured, by name; units stand in the names. */
export type Numbers = Readonly<Record<string, number>>;

/** What a probe has found. */
export interface Finding {
  /** `yes`: the host has the capability (or the bug) that the probe is named after; `unknown`: it can't be told. */
  readonly state: "yes" | "no" | "unknown";
  /** One line, with the numbers that were measured: "312 of 500 branches counted". */
  readonly evidence: string;
  /** The numbers of it, by name, where there are any: { counted: 312, expected: 500 }. */
  readonly numbers?: Numbers;
  /** What to do about it, where that depends on what was found; else what the probe says. */
  readonly remedy?: string;
}

/** One condition of a host, and what depends on it. */
export interface Probe {
  /** Capability name that manifests use: "pmu", "kvm-in-txcp-bug". */
  readonly name: string;
  readonly title: string;
  /**
   * Whether it is good to have, a bug or a limit, or neither: a fact.
   * What an engine is gated by is `no` of something good, or `yes` of something harmful.
   */
  readonly kind: "good" | "harmful" | "fact";
  /** What is measured, and from which value on it is found. */
  readonly measures: string;
  readonly threshold: string;
  /** Where the knowledge comes from: a URL, or a kernel or vendor document. */
  readonly source: string;
  /** What depends on it: engines that can't run without it (or with the bug), others that run with a limit; tests. */
  readonly gates: {
    readonly engines: readonly EngineName[];
    readonly limits?: readonly EngineName[];
    readonly tests: readonly string[];
    /** Capabilities with any of which all that is no matter: rr does without a PMU where it can count in software. */
    readonly unless?: string | readonly string[];
  };
  /** What the user can do about it. */
  readonly remedy: string;
  /**
   * Probes that must have been found `yes` or `no` before it is run. Where one is not so, a capability is `no`, and
   * what is harmful is `unknown`.
   */
  readonly needs?: Readonly<Record<string, "yes" | "no">>;
  /** Further probes whose findings {@link run} looks at. */
  readonly uses?: readonly string[];
  /**
   * Finds out.
   *
   * @param host The host to ask.
   * @param found Findings of what it `needs` and `uses`.
   */
  run(host: Host, found: Capabilities): Finding;
}

/** All findings of a host by capability name. */
export type Capabilities = ReadonlyMap<string, Finding>;
