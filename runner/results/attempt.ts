/** One attempt at a test: its verdict, and all that is known of how it went. */
import type { EngineName } from "../host/mod.ts";
import type { OutputDifference } from "./differences.ts";
import type { Crash, DivergencePlace, ThreadPlace } from "./places.ts";
import type { StepResult } from "./steps.ts";
import type { Counts, Phase, Verdict } from "./verdict.ts";

/** One time that a test was run natively (the first few times only), recorded and replayed. */
export interface Attempt {
  /** From 1. */
  number: number;
  /** It is tried again because it failed: how many times that was so before. */
  retry?: number;
  engine: EngineName;
  verdict: Verdict;
  /** Missing where recording did not get that far; what an engine does not tell is missing in it. */
  counts?: Partial<Counts>;
  /** How long each phase took, in milliseconds, as far as they were reached. */
  milliseconds: Partial<Record<Phase, number>>;
  /** What came of the steps of a script's test. */
  steps?: readonly StepResult[];
  /** What counters counted of the native run, by event, where the test expects something of them. */
  counters?: Readonly<Record<string, number>>;
  /** How outputs differ from the expected ones, line by line. */
  differences?: readonly OutputDifference[];
  /** The end of what a script's test has printed, or a program that has ended otherwise than it must. */
  output?: string;
  /** Processes that the program has left behind, and that were ended. */
  leaks?: readonly { phase: Phase; commands: readonly string[] }[];
  /** Phases that took longer than what is slow. */
  slow?: readonly Phase[];
  /** What else there is to say of how it went, a sentence each. */
  notes?: readonly string[];
  /** What a signal has left of the recorded program. */
  crash?: Crash;
  /** Where the replay has left the recording, if it did. */
  divergence?: DivergencePlace;
  /** Where each thread was when the time was up. */
  threads?: readonly ThreadPlace[];
  /** Lines of the kernel's log about counters that came meanwhile; of a described host those of its kernels. */
  kernelLog?: readonly string[];
  /** The folder with its outputs, where it was kept. */
  folder?: string;
  /** The trace in there, if there is one. */
  trace?: string;
  /** What replays it, where that is another program than tickproof. */
  replay?: readonly string[];
}
