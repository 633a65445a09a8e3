/** Where programs stood: when a replay left its recording, when the time was up, when a signal ended them. */
import type { CodeListing, Difference } from "../../engine/mod.ts";
import type { SourceExcerpt, SymbolPlace } from "../symbols/mod.ts";

/** Where a replay has left its recording. */
export interface DivergencePlace {
  readonly difference: Difference;
  /** The program's text there; undefined where no file is mapped at the pc. */
  readonly code?: CodeListing;
  /** The function and the source's line at the recorded pc. */
  readonly place?: SymbolPlace;
  /** The events before the one that could not be followed, a line each, in their order. */
  readonly lastEvents?: readonly string[];
}

/** Where a thread stood when its time was up. */
export interface ThreadPlace {
  readonly task: number;
  readonly process: number;
  /** `blocked` in the kernel, or `ready` to run. */
  readonly state: "blocked" | "ready";
  /** "0x7ffff7ed9e65" */
  readonly pc: string;
  /** The system call that it was in. */
  readonly syscall?: string;
  readonly place?: SymbolPlace;
  /** The nearest caller of the program's own whose line is known, else the nearest of all. */
  readonly caller?: SymbolPlace;
  /** The function of a system library that this one has called. */
  readonly via?: SymbolPlace;
}

/** A program that a signal has ended. */
export interface Crash {
  /** "SIGSEGV" */
  readonly signal: string;
  readonly task: number;
  readonly process: number;
  /** What a fault was about: the address that could not be read, the instruction. */
  readonly address?: string;
  /** The innermost first; a place is missing where no file is mapped at the pc. */
  readonly frames: readonly { readonly pc: string; readonly place?: SymbolPlace }[];
  /** Frames beyond those. */
  readonly moreFrames: number;
  /** The lines around the innermost place of the program's own whose source is there. */
  readonly source?: SourceExcerpt;
  /** The events before the signal and the signal itself, a line each, in their order; none where it was not recorded. */
  readonly lastEvents: readonly string[];
  /** No recording shows it: the program has crashed so when it ran by itself once more. */
  readonly native?: true;
}
