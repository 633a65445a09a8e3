/**
 * Watchpoints: an access stops the replay right behind its instruction, as single steps find it; on the way back right in
 * front of it. What the kernel writes counts as well.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { REGISTER_NAMES } from "../engine/arch/x86_64/registers.ts";
import { Debugger, type StopReason } from "../engine/debug/debugger.ts";
import { run, Scratch, TEST_TIMEOUT } from "./_tickproof.ts";
import { Client } from "./debugging/_client.ts";
import { PLAIN, type Recorded, recordProgram, THREADS } from "./debugging/_programs.ts";

const scratch = new Scratch();
let plain: Recorded;
let watched: Recorded;

beforeAll(() => {
  plain = recordProgram(scratch, "plain.S", PLAIN);
  watched = recordProgram(scratch, "watched.c", [...THREADS, "-no-pie"]);
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

function begin({ trace }: Recorded): Debugger {
  const replay = new Debugger({ directory: trace, output: () => {}, wantsPause: () => false });
  assert(replay.begin());
  return replay;
}

/** Address of a symbol. */
function addressOf({ program }: Recorded, symbol: string): number {
  const line = run(["nm", program])
    .stdout.toString()
    .split("\n")
    .find((one) => one.endsWith(` ${symbol}`));
  assert(line !== undefined, `${program} has no ${symbol}`);
  return Number.parseInt(line, 16);
}

/** Registers of the thread that has stopped, and bytes of memory. */
function stateOf({ current }: Debugger, address: number, length: number): string {
  const registers = REGISTER_NAMES.map((name, i) => `${name}=${current?.programRegisters[i]?.toString(16)}`);
  const bytes = Buffer.from(current?.space.memory.read(address, length) ?? []).toString("hex");
  return `${bytes} ${registers.join(" ")}`;
}

const isHit = ({ kind }: StopReason): boolean => kind === "watchpoint";

/** Variables of plain.S: written by one instruction each, by three, by each round of one that repeats. */
for (const [symbol, length] of [
  ["saved", 8],
  ["total", 4],
  ["buffer", 8],
] as const) {
  test(
    `writes of ${symbol} are where single steps find them, forward and back`,
    () => {
      using replay = begin(plain);
      assert(replay.canWatch, "the kernel has no debug registers to give");
      const address = addressOf(plain, symbol);
      const start = replay.playhead.position;
      const { id } = replay.current!;
      const [before, behind]: [string[], string[]] = [[], []];
      for (let was = stateOf(replay, address, length); behind.length < 8; ) {
        if (replay.forward(id).kind !== "step") break;
        const is = stateOf(replay, address, length);
        if (is.split(" ")[0] !== was.split(" ")[0]) {
          before.push(was);
          behind.push(is);
        }
        was = is;
      }
      assertEquals(behind.length, 8);
      replay.seek(start);
      assert(replay.watching.add({ kind: "write", address, length }));
      const found: string[] = [];
      let last = stateOf(replay, address, length);
      while (found.length < 8) {
        assert(isHit(replay.forward()));
        const is = stateOf(replay, address, length);
        // The value is written once more where it stays what it is: whoever watches passes by.
        if (is.split(" ")[0] !== last.split(" ")[0]) found.push(is);
        last = is;
      }
      assertEquals(found, behind);
      const back: string[] = [];
      for (;;) {
        const is = stateOf(replay, address, length);
        const reason = replay.back();
        if (reason.kind === "start") break;
        assert(isHit(reason), reason.kind);
        const was = stateOf(replay, address, length);
        if (was.split(" ")[0] !== is.split(" ")[0]) back.push(was);
      }
      assertEquals(back, before.toReversed());
    },
    TEST_TIMEOUT,
  );
}

test(
  "what the kernel writes is told of, with a stop and without one",
  () => {
    for (const [symbol, bytes] of [
      ["from_pipe", "pipe"],
      ["from_file", "\x7fELF"],
    ] as const) {
      using replay = begin(watched);
      const address = addressOf(watched, symbol);
      const text = () => Buffer.from(replay.current!.space.memory.read(address, 4)).toString("latin1");
      assert(replay.watching.add({ kind: "write", address, length: 8 }));
      assertEquals([isHit(replay.forward()), text()], [true, bytes], symbol);
      assertEquals(replay.forward().kind, "end");
      assertEquals([isHit(replay.back()), text()], [true, "\0\0\0\0"], symbol);
      assertEquals(replay.back().kind, "start");
    }
  },
  TEST_TIMEOUT,
);

test(
  "all threads of the process are watched, and no other process",
  () => {
    using replay = begin(watched);
    const address = addressOf(watched, "shared");
    const value = () => Buffer.from(replay.current!.space.memory.read(address, 8)).readBigInt64LE();
    assert(replay.watching.add({ kind: "write", address, length: 8 }));
    const seen: [bigint, boolean][] = [];
    while (isHit(replay.forward())) seen.push([value(), replay.current!.id === replay.process]);
    assertEquals(seen, [
      [2n, false],
      [3n, true],
    ]);
    const back: bigint[] = [];
    while (isHit(replay.back())) back.push(value());
    assertEquals(back, [2n, 1n]);
  },
  TEST_TIMEOUT,
);

test(
  "gdb's packets set them, as far as the processor has registers, and stops name them",
  async () => {
    await using client = new Client([plain.trace]);
    const [saved, total] = ["saved", "total"].map((name) => addressOf(plain, name).toString(16));
    await client.ask("qSupported:multiprocess+;swbreak+;hwbreak+");
    assertEquals(await client.ask(`Z2,${saved},28`), "E01", "more bytes than can be watched");
    assertEquals(await client.ask(`Z4,${total},4`), "OK");
    assertMatch(await client.ask("vCont;c"), new RegExp(`^T05awatch:${total};`));
    assertEquals(await client.ask(`m${total},4`), "05000000");
    assertEquals(await client.ask(`z4,${total},4`), "OK");
    assertEquals(await client.ask(`Z2,${saved},8`), "OK");
    assertMatch(await client.ask("vCont;c"), new RegExp(`^T05watch:${saved};`));
    assertEquals(await client.ask(`m${saved},1`), "28");
    assertMatch(await client.ask("bc"), new RegExp(`^T05watch:${saved};`));
    assertEquals(await client.ask(`m${saved},1`), "00");
    assertMatch(await client.ask("bc"), /^T05replaylog:begin;/);
    assertEquals(await client.ask(`z2,${saved},8`), "OK");
    assertMatch(await client.ask("vCont;c"), /^T05replaylog:end;/);
  },
  TEST_TIMEOUT,
);
