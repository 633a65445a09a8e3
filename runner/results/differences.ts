/** How an output differs from the expected one, line by line. */
import type { Phase } from "./verdict.ts";

/** The lines around one difference, as a unified diff has them. */
export interface Hunk {
  /** Numbers of its first lines, from 1, on both sides. */
  expectedStart: number;
  foundStart: number;
  /** Each with what it is: " " on both sides, "-" expected only, "+" found only. */
  lines: readonly string[];
}

/** How a found text differs from the expected one. */
export interface OutputDifference {
  stream: "stdout" | "stderr";
  phase: Phase;
  /** What the expected one is of: "the manifest", "the snapshot x", "the recording". */
  against: string;
  hunks: readonly Hunk[];
  /** Lines that differ and are not shown. */
  more: number;
}
