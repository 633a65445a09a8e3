/** Who has written to memory last, and before that: found by going back with a watchpoint. */
import { type StackState, stackState } from "../session/stack-state.ts";
import { debuggerAt, type PlaceOptions } from "./at-place.ts";

/** One write. */
export interface Writer {
  /** How many events are behind it. */
  event: number;
  task: number;
  process: number;
  ticks: number;
  /** Number of the system call whose result the kernel has written there; undefined for an instruction of the program. */
  syscall?: number;
  /** The bytes in front of it and behind it, in hexadecimal. */
  before: string;
  after: string;
  /** The task in front of it. */
  state: StackState;
}

/** What is asked. */
export interface WritersOptions extends PlaceOptions {
  address: number;
  length: number;
  /** How many writes, the last ones first. */
  count: number;
  /** Asked now and then whether to give up. */
  isEnded(): boolean;
}

/** What there is to say. */
export interface Writers {
  /** What is there at the place, in hexadecimal; "" where nothing is mapped. */
  value: string;
  writes: Writer[];
  /** There are no writes before those. */
  isAll: boolean;
}

/** The processor can't watch so much, or this one nothing. */
export class CannotWatch extends Error {}

/**
 * Finds the last writes before a place.
 *
 * @throws TraceError, EngineError as a replay does, Divergence where it differs from the recording, NoSuchPlace, CannotWatch.
 */
export function writersOf(options: WritersOptions): Writers {
  const { address, length, count, isEnded } = options;
  using replay = debuggerAt(options, { output: () => {}, wantsPause: isEnded });
  const read = () =>
    Buffer.from(replay.current?.space.memory.read(address, length) ?? new Uint8Array(0)).toString("hex");
  const value = read();
  if (!replay.canWatch) throw new CannotWatch("the kernel has no debug registers to give");
  if (!replay.watching.add({ kind: "write", address, length })) {
    throw new CannotWatch(
      `${length} bytes at 0x${address.toString(16)} are more than it has debug registers for`,
    );
  }
  const writes: Writer[] = [];
  // Signals on the way are no stops.
  replay.catches.passed = new Set(Array.from({ length: 64 }, (_, i) => i + 1));
  while (writes.length < count) {
    const after = writes.at(-1)?.before ?? value;
    if (replay.back().kind !== "watchpoint") return { value, writes, isAll: true };
    const { current, playhead } = replay;
    if (current === undefined) return { value, writes, isAll: true };
    const { next, position } = playhead;
    const isKernels = position.isArrived && next?.kind === "syscall";
    writes.push({
      event: position.event,
      task: current.id,
      process: current.process.id,
      ticks: current.retiredTicks,
      ...(isKernels && { syscall: next.number }),
      before: read(),
      after,
      state: stackState(current.space, current.programRegisters),
    });
  }
  return { value, writes, isAll: false };
}
