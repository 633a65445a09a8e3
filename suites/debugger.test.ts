/**
 * Positions of a replay are exact: whatever way leads to one, registers and memory are the same there, and going forward
 * and back is the identity. Walks are random, by seeds.
 */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { REGISTER_NAMES } from "../engine/arch/x86_64/registers.ts";
import type { CheckpointPolicy } from "../engine/debug/checkpoints.ts";
import { Debugger } from "../engine/debug/debugger.ts";
import type { Position } from "../engine/debug/position.ts";
import { PROT } from "../ffi/mod.ts";
import { Scratch, TEST_TIMEOUT } from "./_tickproof.ts";
import { PLAIN, type Recorded, recordProgram, THREADS } from "./debugging/_programs.ts";

const RIP = REGISTER_NAMES.indexOf("rip");
/** Bytes of a mapping that are summed up. */
const MOST_SUMMED = 1 << 18;

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

function begin(
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
function stateOf(replay: Debugger): string {
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
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
}

/** Goes forward by steps, to breakpoints and over events, at random, and notes where it was, and what that was like. */
function walk(
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
