/**
 * What the runner asks of an engine: how it is started to record and to replay, and what its results say. A
 * further engine is one more object of this shape; the runner knows no engine by name.
 */

import type { EngineName } from "../host/mod.ts";
import type { Exit } from "../outcome/mod.ts";
import type { Counts, Crash, DivergencePlace, ThreadPlace, Verdict } from "../results/mod.ts";
import type { Send } from "../script/send.ts";

/** Phases that an engine runs. */
export type EnginePhase = "record" | "replay";

/** Files of one attempt that an engine may use. */
export interface EngineFiles {
  /** Folder of the trace; recording makes it. */
  readonly trace: string;
  file(phase: EnginePhase, what: "report.json" | "log" | "progress"): string;
}

/** How a process is started. */
export interface Invocation {
  readonly command: readonly string[];
  /** Added to the test's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What was seen of an engine's process from outside. */
export interface Seen {
  readonly exit: Exit;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A recording or a replay that came to its end. */
export interface Completed {
  /** How the program ended; undefined where the engine doesn't tell. */
  readonly exit: Exit | undefined;
  /** The program's own output. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** What the engine counted, as far as it tells. */
  readonly counts: Partial<Counts>;
  /** What is wrong with it all the same, a sentence each. */
  readonly reasons: readonly string[];
  /** What the kernels of a described host have logged meanwhile, a line each. */
  readonly hostLog?: readonly string[];
  /** Commands of processes that the program has left behind, and that the engine has ended. */
  readonly left?: readonly string[];
}

/** It came to no end that could be compared. */
export interface Failed {
  readonly hostLog?: readonly string[];
  readonly verdict: Verdict;
  readonly counts?: Counts;
  readonly divergence?: DivergencePlace;
}

export type Outcome = Completed | Failed;

/** How a program is recorded. */
export interface RecordHow {
  /** Described host that it is to run on. */
  readonly host: string | undefined;
  /** Signals that it is sent; an engine sends those at a tick itself. */
  readonly sends: readonly Send[];
}

/** An engine that can be started here. */
export interface Engine {
  readonly name: EngineName;
  /** With its version, for reports: "rr 5.6.0". */
  readonly label: string;
  /** Counts that mean the same as a manifest's expectations; others are shown, and not checked. */
  readonly comparable: ReadonlySet<keyof Counts>;
  /** Its ticks are those of the PMU, with all that can be wrong with them. */
  readonly countsByPmu: boolean;
  /**
   * How a program is recorded.
   *
   * @param program The program with its arguments.
   * @param how Where it is to run, and what it is sent.
   */
  record(program: readonly string[], files: EngineFiles, how: RecordHow): Invocation;
  replay(files: EngineFiles): Invocation;
  /** What a person types to replay a kept trace; undefined where it is `tickproof replay`. */
  replayByHand?(trace: string): readonly string[];
  /** Where the threads stood when a phase was told to stop, as far as the engine has told. */
  threadsOf?(phase: EnginePhase, files: EngineFiles): readonly ThreadPlace[];
  /** What a signal has left of a recording's program, as far as the engine has told. */
  crashOf?(files: EngineFiles): Crash | undefined;
  /** What came of a phase. */
  read(phase: EnginePhase, seen: Seen, files: EngineFiles): Outcome | Promise<Outcome>;
}
