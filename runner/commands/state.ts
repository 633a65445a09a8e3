/** `tickproof state`: registers and memory at a place of a recording. */
import type { ProcessState } from "../../engine/debug/mod.ts";
import { pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { counted } from "../text/mod.ts";
import { exitCodeOf, isEnding, PLACE_OPTIONS, placeOf } from "./_debug-options.ts";

/** Most bytes of one piece. */
const MOST_BYTES = 1 << 24;

export const state = defineCommand({
  name: "state",
  summary: "Show registers and memory at a place of a recording",
  details: [
    "Replays to the place, by default where the program has failed, or else its end, and shows the registers of each thread,",
    "that one first which the place is about, and so many bytes of memory from each ADDRESS on.",
    "  tickproof state latest --at signal 0x7fffffffe000:64",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "DIR|TEST [ADDRESS:BYTES…]", min: 1, max: 64 },
  async run({ options, positionals: [path, ...pieces] }) {
    const directory = findTrace(path);
    const at = await placeOf(options.at ?? "failure");
    const memory = pieces.map(parsePiece);
    const { catchInterrupts } = await import("../../engine/mod.ts");
    const { stateAt } = await import("../../engine/debug/mod.ts");
    using _ = catchInterrupts();
    let found: ProcessState;
    try {
      const isEnded = (): boolean => isEnding(pendingInterrupt());
      found = stateAt({ directory, at, process: options.process, memory, isEnded });
    } catch (error) {
      return await exitCodeOf(error);
    }
    if (options.json) print(`${JSON.stringify({ directory, ...found }, null, 2)}\n`);
    else print(text(found, pieces));
    return OK;
  },
});

function parsePiece(word: string): { address: number; length: number } {
  const [, address, length] = /^(0x[0-9a-f]{1,12}|\d{1,15}):(\d{1,8})$/i.exec(word) ?? [];
  const piece = { address: Number(address), length: Number(length) };
  if (address !== undefined && piece.length > 0 && piece.length <= MOST_BYTES) return piece;
  throw new UsageError(`a piece of memory is ADDRESS:BYTES, of 1 to ${MOST_BYTES} bytes: it is '${word}'`);
}

function text({ event, tasks, memory }: ProcessState, pieces: readonly string[]): string {
  const lines = tasks.flatMap(({ task, process, ticks, registers }) => [
    `task ${task} of process ${process}, ${counted(ticks, "tick")}:`,
    ...Object.entries(registers).map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
  ]);
  const bytes = pieces.map((piece, i) => `${piece} ${memory[i] === "" ? "is not mapped" : memory[i]}`);
  return `${[`before event ${event}`, ...lines, ...bytes].join("\n")}\n`;
}
