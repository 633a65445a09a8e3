/** A fragment, and what the code cache does for one while it is emitted. */
import type { Assembler } from "./assembler.ts";
import type { Noted, Trap } from "./traps.ts";

/** What the code cache does for a fragment that is being emitted. */
export interface FragmentHost {
  /** The entry of an app pc that is translated already. */
  lookup(pc: number): number | undefined;
  /** Whether a direct branch may lead to an app pc; others go by the lookup table. */
  owns(pc: number): boolean;
  addEntry(pc: number, address: number): void;
  addTrap(address: number, trap: Trap): void;
  addSyscall(returnAddress: number, pc: number, next: number): void;
  /** Whether branches are linked before they are taken for the first time. */
  readonly linksEagerly: boolean;
  /** Called for the target of a branch that is taken whenever control comes there. */
  expects(target: number): void;
  /** In front of which instructions to trap, and whether to count what retires. */
  readonly notes: Noted;
  /** Whether a debugger wants to stop in front of the instruction at an app pc. */
  stopsAt(pc: number): boolean;
  /** Called when the relative operand at `site` leads to an entry directly. */
  linked(entry: number, site: number): void;
  /** Puts an IBL entry for returns to `pc` here, falling through into what comes next. */
  emitIblEntry(assembler: Assembler, pc: number): void;
}

/** One emitted fragment. */
export interface Fragment {
  /** Cache addresses [start, end). */
  start: number;
  end: number;
  /** App pc and length in bytes of each basic block, with the cache address of its entry. */
  blocks: { pc: number; length: number; entry: number }[];
  /** App pc that its first mark is counted from. */
  pc: number;
  /** Cache pc, app pc and TRANSLATION bits; see `translation-info.ts`. */
  translationInfo: Uint8Array;
  /** Its text has changed: nothing leads here any more. */
  dead: boolean;
  /** Where what retires is counted: cache address and app pc behind each count, one after the other. */
  counts?: number[];
}
