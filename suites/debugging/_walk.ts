/** Random walks through a replay, and what it is like at a place: the same by whatever way one comes there. */
import { assert } from "@std/assert";
import { REGISTER_NAMES } from "../../engine/arch/x86_64/registers.ts";
import type { CheckpointPolicy } from "../../engine/debug/checkpoints.ts";
import { Debugger } from "../../engine/debug/debugger.ts";
import type { Position } from "../../engine/debug/position.ts";
import { PROT } from "../../ffi/mod.ts";
import type { Recorded } from "./_programs.ts";

const RIP = REGISTER_NAMES.indexOf("rip");
/** Bytes of a mapping that are summed up. */
const MOST_SUMMED = 1 << 18;

/** Begins a replay at the start of its first process. @param output Told of what the program writes. */
export function begin(
  { trace }: Recorded,
  output: (text: string) => void = () => {},
  checkpoints?: CheckpointPolicy,
): Debugger {
  const replay = new Debugger({
    directory: trace,
    output: (_, bytes) => output(Buffer.from(bytes).toString()),
    wantsPause: () => false,
    checkpoints,
  });
  assert(replay.begin());
  return replay;
}

/** Registers of all tasks, of whatever process, and checksums of all memory that can be written. */
export function stateOf(replay: Debugger): string {
  const tasks = [...replay.session.tasks.values()].toSorted((a, b) => a.id - b.id);
  const registers = tasks.map(({ id, programRegisters }) => {
    return `${id}: ${[...programRegisters].map((value) => value.toString(16)).join(" ")}`;
  });
  const sums = [...new Set(tasks.map(({ space }) => space))].map(({ mappings, memory }) => {
    let sum = 0n;
    for (const { start, end, protection } of mappings.all) {
      if ((protection & PROT.WRITE) === 0) continue;
      const top = memory.read(Math.max(start, end - MOST_SUMMED), Math.min(end - start, MOST_SUMMED));
      sum = Bun.hash.wyhash(top, sum);
    }
    return sum.toString(16);
  });
  return [...registers, ...sums].join("\n");
}

/** Numbers below a bound, always the same for a seed (a linear congruential generator). */
export function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
}

/** Goes forward by steps, to breakpoints and over events, at random, and notes where it was, and what that was like. */
export function walk(
  replay: Debugger,
  random: (bound: number) => number,
  length: number,
): { position: Position; state: string }[] {
  const noted: { position: Position; state: string }[] = [];
  const seen = new Set<number>();
  for (let i = 0; i < length; i++) {
    const pc = Number(replay.current?.programRegisters[RIP] ?? 0n);
    seen.add(pc);
    let isEnd = false;
    if (i > 5 && random(3) === 0) {
      replay.breakpoints = new Set([...seen].filter(() => random(2) === 0));
      isEnd = replay.forward().kind === "end";
      replay.breakpoints = new Set();
    } else {
      for (let left = random(12); left >= 0 && !isEnd; left--)
        isEnd = replay.forward(replay.current?.id).kind === "end";
    }
    noted.push({ position: replay.playhead.position, state: stateOf(replay) });
    // From the end it goes on somewhere before.
    if (isEnd) replay.seek(noted[random(noted.length)]!.position);
  }
  return noted;
}
