/**
 * What a code cache leaves to the next run of the same program: the bytes of its regions, and all that is known of
 * them, as plain tables.
 *
 * The tables are divided into *groups*: sets of text pages whose translations lead to each other directly. A group
 * comes to life as a whole, when its text is asked for and turns out to be the same as it was, byte by byte (by a
 * hash). Until then nothing leads to its translations.
 */
import type { Trap } from "./traps.ts";

/** Rows of numbers, those of one group side by side. */
export interface Rows {
  width: number;
  data: Float64Array;
  /** Index of the first row of each group, and the number of all rows. */
  starts: Float64Array;
}

/** See the file's head. All addresses are those of the tracee. */
export interface Snapshot {
  regions: { base: number; bytes: Uint8Array }[];
  /** Number of the page (address / 4096). */
  pages: Rows;
  /** Hashes of the pages, in the order of the rows. */
  hashes: BigUint64Array;
  /** Start, end, first segment, number of segments, first mark, number of marks (three numbers each). */
  units: Rows;
  /** App pc, length, entry; of all units. */
  segments: Float64Array;
  /** See {@link Unit.marks}. */
  marks: Float64Array;
  /** Address, and six numbers: see {@link packTrap}. */
  traps: Rows;
  /** Return address, app pc, next app pc. */
  syscalls: Rows;
  /** App pc, address. */
  checked: Rows;
  /** Entry, site, 1 if it is a far jump's literal. */
  links: Rows;
  /** Names of instructions in traps. */
  names: string[];
}

/** Collects rows by group. */
export class RowCollector {
  private readonly groups: number[][] = [];

  constructor(private readonly width: number) {}

  add(group: number, ...row: number[]): void {
    let rows = this.groups[group];
    if (!rows) {
      rows = [];
      this.groups[group] = rows;
    }
    rows.push(...row);
  }

  /** @param groups Number of groups. */
  finish(groups: number): Rows {
    const starts = new Float64Array(groups + 1);
    const data: number[] = [];
    for (let group = 0; group < groups; group++) {
      for (const value of this.groups[group] ?? []) data.push(value);
      starts[group + 1] = data.length / this.width;
    }
    return { width: this.width, data: Float64Array.from(data), starts };
  }
}

/** Calls back with the offset in `data` of each row of a group. */
export function forEachRow({ width, starts }: Rows, group: number, each: (offset: number) => void): void {
  for (let row = starts[group]!; row < starts[group + 1]!; row++) each(row * width);
}

const ACTIONS = ["emulate", "breakpoint", "unsupported"] as const;
const EXIT = 0;
const TICK_POLL = 1;
const JUMP_POLL = 2;
/** Instructions have the kinds from here on, one for each action. */
const INSTRUCTION = 3;

/**
 * A trap as numbers: its kind, and up to five more.
 *
 * @param name Gives a name's number.
 * @returns undefined for traps that belong to a run.
 */
export function packTrap(trap: Trap, name: (name: string) => number): number[] | undefined {
  switch (trap.kind) {
    case "exit":
      return [EXIT, trap.target, trap.site, trap.stub, 0, 0];
    case "poll":
      return [trap.counter === "tick" ? TICK_POLL : JUMP_POLL, trap.pc, trap.garbageFlags, trap.resume, 0, 0];
    case "instruction":
      return [
        INSTRUCTION + ACTIONS.indexOf(trap.action),
        name(trap.name),
        trap.pc,
        trap.length,
        trap.resume,
        0,
      ];
    default:
      return undefined;
  }
}

/** The trap that {@link packTrap} has made the numbers at `at` of. */
export function unpackTrap(data: Float64Array, at: number, names: readonly string[]): Trap {
  const [kind, a, b, c, d] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!, data[at + 4]!];
  switch (kind) {
    case EXIT:
      return { kind: "exit", target: a, site: b, stub: c };
    case TICK_POLL:
    case JUMP_POLL:
      return {
        kind: "poll",
        counter: kind === TICK_POLL ? "tick" : "jump",
        pc: a,
        garbageFlags: b,
        resume: c,
      };
    default: {
      const action = ACTIONS[kind - INSTRUCTION]!;
      return { kind: "instruction", action, name: names[a]!, pc: b, length: c, resume: d };
    }
  }
}
