/** What a code cache asks of whoever has the address space that it serves. */
import type { Region, TextRange } from "./region.ts";
import type { TextModule } from "./text-module.ts";
import type { Noted } from "./traps.ts";

/** What the cache needs of the address space that it serves. */
export interface CacheHost {
  /** Maps a new region that {@link isNear} an app pc. */
  newRegion(near: number): Region;
  /** Bytes of an executable page of the program, or undefined where it can't execute. */
  fetchPage(page: number): Uint8Array | undefined;
  /** The stretch of text at an app pc that a module can be for, if it is in one. */
  sharedText(pc: number): TextRange | undefined;
  /** The module for the text at an app pc, in a region that is going to be mapped; undefined if none can be had. */
  moduleAt(pc: number): TextModule | undefined;
  /** Whether pages of a module are the same in this address space. */
  sameText(module: TextModule, pages: readonly number[]): boolean;
  /** What is to be told of besides ticks; a change concerns new translations only. */
  notes(): Noted;
  /** Whether a debugger wants to stop in front of the instruction at an app pc. */
  stopsAt(pc: number): boolean;
  /** Called when text of this page has been translated, so that later writes to it are noticed. */
  textTranslated(page: number): void;
}
