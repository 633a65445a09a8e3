/** Hosts, probes and findings: the types of this folder. */
import type { CpuidResult, PerfSystem } from "../../ffi/mod.ts";

/** A machine that can be asked: this one, or a described one. Probes see nothing else. */
export interface Host {
  /** "live", or the profile's name. */
  readonly name: string;
  readonly kind: "live" | "described";
  readonly perf: PerfSystem;
  cpuid(leaf: number, subleaf?: number): CpuidResult;
  /** Contents of a file of `/proc` or `/sys`; undefined where there is none or it can't be read. */
  readFile(path: string): string | undefined;
  readDirectory(path: string): readonly string[] | undefined;
  /** Lines of the kernel's log, oldest first; undefined where they can't be read. */
  kernelLog(): readonly string[] | undefined;
}

/** Engines that can record and replay. */
export type EngineName = "embedded" | "rr";

/** What a probe has found. */
export interface Finding {
  /** `yes`: the host has the capability (or the bug) that the probe is named after; `unknown`: it can't be told. */
  readonly state: "yes" | "no" | "unknown";
  /** One line, with the numbers that were measured: "312 of 500 branches counted". */
  readonly evidence: string;
}

/** One condition of a host, and what depends on it. */
export interface Probe {
  /** Capability name that manifests use: "pmu", "kvm-in-txcp-bug". */
  readonly name: string;
  readonly title: string;
  /** A bug or a limit rather than something good to have. */
  readonly harmful: boolean;
  /** What is measured, and from which value on it is found. */
  readonly measures: string;
  readonly threshold: string;
  /** Where the knowledge comes from: a URL, or a kernel or vendor document. */
  readonly source: string;
  /** Engines that need it (or suffer from it), and tests that do, by name. */
  readonly gates: { readonly engines: readonly EngineName[]; readonly tests: readonly string[] };
  /** What the user can do about it. */
  readonly remedy: string;
  /** Probes that must have been found `yes` or `no` before: others are `unknown` without being run. */
  readonly needs?: Readonly<Record<string, "yes" | "no">>;
  run(host: Host): Finding;
}

/** All findings of a host by capability name. */
export type Capabilities = ReadonlyMap<string, Finding>;
