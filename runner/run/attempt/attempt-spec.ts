/** What one attempt at a test is made with: what its phases share. */

import type { Engine } from "../../engines/mod.ts";
import type { Guard } from "../../processes/mod.ts";
import type { Phase } from "../../results/mod.ts";
import type { Snapshots } from "../compare/mod.ts";
import type { TestCase } from "../types.ts";
import type { AttemptFolder } from "../workspace.ts";

/** What an attempt needs. */
export interface AttemptSpec {
  test: TestCase;
  number: number;
  /** Variables that shared fixtures have handed on. */
  environment: Readonly<Record<string, string>>;
  /** The program's path. */
  program: string;
  /** Attempts that begin with a native run. */
  nativeRuns: number;
  /** Recordings until a failure of the native run is caught, at most. */
  catchTries: number;
  engine: Engine;
  folder: AttemptFolder;
  snapshots: Snapshots;
  /** Ticks of the test's baseline on this host; undefined where none is set. */
  baselineTicks: number | undefined;
  /** Watches recordings, and stops one that can't be trusted. */
  guard: Guard | undefined;
  abort: AbortSignal;
  onPhase: (phase: Phase) => void;
}
