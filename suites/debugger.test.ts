/**
 * Positions of a replay are exact: whatever way leads to one, registers and memory are the same there, and going forward
 * and back is the identity. Walks are random, by seeds.
 */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { REGISTER_NAMES } from "../engine/arch/x86_64/registers.ts";
import type { CheckpointPolicy } from "../engine/debug/checkpoints.ts";
import type { Debugger } from "../engine/debug/debugger.ts";
import type { Position } from "../engine/debug/position.ts";
import { Scratch, TEST_TIMEOUT } from "./_tickproof.ts";
import { PLAIN, type Recorded, recordProgram, THREADS } from "./debugging/_programs.ts";
import { begin, numbers, stateOf, walk } from "./debugging/_walk.ts";

const RIP = REGISTER_NAMES.indexOf("rip");

const scratch = new Scratch();
let plain: Recorded;
let threads: Recorded;
let shared: Recorded;

beforeAll(() => {
  plain = recordProgram(scratch, "plain.S", PLAIN);
  threads = recordProgram(scratch, "threads.c", THREADS);
  shared = recordProgram(scratch, "shared.c", THREADS);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

describe("a random walk", () => {
  for (const [name, seed, length] of [
    ["plain", 1, 60],
    ["plain", 2, 200],
    ["threads", 3, 60],
  ] as const) {
    test(
      `through ${name} (seed ${seed}) leads to the same registers and memory by whatever way`,
      () => {
        using replay = begin(name === "plain" ? plain : threads);
        const random = numbers(seed);
        const noted = walk(replay, random, length);
        for (let i = 0; i < 25; i++) {
          const { position, state } = noted[random(noted.length)]!;
          replay.seek(position);
          assertEquals(stateOf(replay), state, `at ${JSON.stringify(position)}`);
        }
        let steps = 0;
        for (let i = 0; i < 10; i++) {
          replay.seek(noted[random(noted.length)]!.position);
          const id = replay.current!.id;
          const registers = () => replay.tasks.find((task) => task.id === id)?.programRegisters;
          const before = registers();
          if (replay.forward(id).kind !== "step") continue;
          assertEquals(replay.stepBack(id), { kind: "step" });
          assertEquals(
            registers(),
            before,
            `forward and back at ${JSON.stringify(replay.playhead.position)}`,
          );
          steps++;
        }
        assert(steps > 3, `${steps} steps`);
      },
      TEST_TIMEOUT,
    );
  }
});

/** Checkpoints wherever there can be one; of few that are kept, most are given up again. */
const EVERYWHERE: CheckpointPolicy = { everyMs: 0, most: 6, mostBytes: 1 << 30 };
const NOWHERE: CheckpointPolicy = { everyMs: 0, most: 0, mostBytes: 0 };

/** What it is like at a position, behind the next instruction, and by two steps back from there. */
function statesAround(replay: Debugger, position: Position): string[] {
  replay.seek(position);
  const states = [stateOf(replay)];
  const { id } = replay.current!;
  for (const move of [() => replay.forward(id), () => replay.stepBack(id), () => replay.stepBack(id)]) {
    states.push(move().kind, stateOf(replay));
  }
  return states;
}

/** Walks with many checkpoints, and goes back to some of the places. @returns These, and what was found there. */
function walkAndReturn(
  recorded: Recorded,
  random: (bound: number) => number,
  length: number,
): [places: Position[], found: string[][]] {
  using replay = begin(recorded, () => {}, EVERYWHERE);
  const noted = walk(replay, random, length);
  assertEquals(replay.playhead.checkpoints.count, EVERYWHERE.most);
  for (let i = 0; i < 20; i++) {
    const { position, state } = noted[random(noted.length)]!;
    replay.seek(position);
    assertEquals(stateOf(replay), state, `at ${JSON.stringify(position)}`);
  }
  const places = Array.from({ length: 8 }, () => noted[random(noted.length)]!.position);
  return [places, places.map((position) => statesAround(replay, position))];
}

for (const [name, seed, length] of [
  ["threads", 4, 60],
  ["shared", 5, 60],
] as const) {
  test(
    `checkpoints of ${name} (seed ${seed}) are the places that they were made at, forward and back`,
    () => {
      const recorded = name === "threads" ? threads : shared;
      const random = numbers(seed);
      const [places, found] = walkAndReturn(recorded, random, length);
      using plainly = begin(recorded, () => {}, NOWHERE);
      assertEquals(plainly.playhead.checkpoints.count, 0);
      for (const [i, position] of places.entries()) {
        assertEquals(statesAround(plainly, position), found[i], `at ${JSON.stringify(position)}`);
      }
    },
    TEST_TIMEOUT,
  );
}

test(
  "a replay by single instructions is the recording, and back again",
  () => {
    let shown = "";
    using replay = begin(plain, (text) => {
      shown += text;
    });
    const id = replay.current!.id;
    const pcs: number[] = [];
    for (;;) {
      pcs.push(Number(replay.current!.programRegisters[RIP]!));
      if (replay.forward(id).kind === "end") break;
    }
    // 40 rounds of a known number of instructions: rep stosb is one.
    assertEquals([shown, pcs.length > 1500], ["done\n", true]);
    for (let back = 1; back <= 12; back++) {
      assertEquals(replay.stepBack(id), { kind: "step" });
      assertEquals(Number(replay.current!.programRegisters[RIP]!), pcs[pcs.length - 1 - back]);
    }
    assertEquals(shown, "done\n", "what was shown is not shown again");
  },
  TEST_TIMEOUT,
);

test(
  "reverse-continue goes to each stop of the way forward, the other way round",
  () => {
    using replay = begin(plain);
    const start = replay.playhead.position;
    const id = replay.current!.id;
    const pcs = new Set<number>();
    for (let i = 0; i < 60; i++) {
      replay.forward(id);
      if (i === 30 || i === 45) pcs.add(Number(replay.current!.programRegisters[RIP]!));
    }
    replay.seek(start);
    replay.breakpoints = pcs;
    const states: string[] = [];
    for (let i = 0; i < 8; i++) {
      assertEquals(replay.forward(), { kind: "breakpoint" });
      states.push(stateOf(replay));
    }
    for (const state of states.reverse().slice(1)) {
      assertEquals(replay.back(), { kind: "breakpoint" });
      assertEquals(stateOf(replay), state);
    }
    assertEquals(replay.back(), { kind: "start" });
    assertEquals(replay.stepBack(id), { kind: "start" });
  },
  TEST_TIMEOUT,
);
