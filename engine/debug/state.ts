/** Registers and memory of a process at a place of a recording, as data. */
import { namedRegisters } from "../arch/x86_64/registers.ts";
import { debuggerAt, type PlaceOptions } from "./at-place.ts";

/** A piece of memory that is asked for. */
export interface MemoryPiece {
  address: number;
  length: number;
}

/** A process at a place; the task that the place is about comes first. */
export interface ProcessState {
  /** How many events are behind the place. */
  event: number;
  tasks: { task: number; process: number; ticks: number; registers: Record<string, string> }[];
  /** What was asked for, in hexadecimal; shorter where unmapped memory begins. */
  memory: string[];
}

/** What is asked. */
export interface StateOptions extends PlaceOptions {
  memory: readonly MemoryPiece[];
  /** Asked now and then whether to give up. */
  isEnded(): boolean;
}

/**
 * Replays to a place and looks there; what the program writes is not shown.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace.
 */
export function stateAt(options: StateOptions): ProcessState {
  using replay = debuggerAt(options, { output: () => {}, wantsPause: options.isEnded });
  const { current, tasks, playhead } = replay;
  const ordered = current === undefined ? tasks : [current, ...tasks.filter((task) => task !== current)];
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  return {
    event: playhead.position.event,
    tasks: ordered.map(({ id, process, retiredTicks, programRegisters }) => ({
      task: id,
      process: process.id,
      ticks: retiredTicks,
      registers: Object.fromEntries(
        namedRegisters(programRegisters).map(([name, value]) => [name, hex(value)]),
      ),
    })),
    memory: options.memory.map(({ address, length }) => {
      const part = current?.space.outsideEngine(address, address + length)[0];
      if (current === undefined || part?.start !== address) return "";
      return Buffer.from(current.space.memory.read(address, part.end - address)).toString("hex");
    }),
  };
}
