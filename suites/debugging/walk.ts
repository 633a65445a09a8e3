/**
 * Walks through recordings at random for thousands of steps, forward and back, and compares registers and memory at each place that is
 * come to again. By hand: `runner/bun suites/debugging/walk.ts [PLACES] [SEED]`, the places for each program.
 */
import { assertEquals } from "@std/assert";
import { Scratch } from "../_tickproof.ts";
import { PLAIN, recordProgram, THREADS } from "./_programs.ts";
import { begin, numbers, stateOf, walk } from "./_walk.ts";

const [places = 1000, seed = 1] = process.argv.slice(2).map(Number);
if (!(places > 0) || !(seed >= 0)) throw new Error("PLACES is a whole number from 1 on, SEED from 0 on");
using scratch = new Scratch();

for (const [source, flags] of [
  ["plain.S", PLAIN],
  ["threads.c", THREADS],
  ["shared.c", THREADS],
] as const) {
  const recorded = recordProgram(scratch, source, flags);
  const random = numbers(seed);
  using replay = begin(recorded);
  const noted = walk(replay, random, places);
  let [seeks, steps] = [0, 0];
  for (let i = 0; i < places; i++) {
    const { position, state } = noted[random(noted.length)]!;
    const where = `${source} under seed ${seed} at ${JSON.stringify(position)}`;
    replay.seek(position);
    assertEquals(stateOf(replay), state, where);
    seeks++;
    const { id } = replay.current!;
    const registers = () => replay.tasks.find((task) => task.id === id)?.programRegisters;
    const before = registers();
    // Where its process ends there is no step.
    if (replay.forward(id).kind !== "step") continue;
    assertEquals(replay.stepBack(id), { kind: "step" }, where);
    assertEquals(registers(), before, where);
    steps++;
  }
  console.log(`${source}: ${noted.length} places, gone to ${seeks} times; ${steps} steps forward and back`);
}
