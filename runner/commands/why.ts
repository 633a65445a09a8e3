/** `tickproof why`: who has written to memory last, and before that. */
import type { Writer, Writers } from "../../engine/debug/mod.ts";
import { pendingInterrupt, syscallName } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { FRAMES, framesOf, storedFiles } from "../engines/stack.ts";
import { FAILED, OK, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { placeText } from "../symbols/mod.ts";
import { counted } from "../text/mod.ts";
import { exitCodeOf, isEnding, PLACE_OPTIONS, placeOf } from "./_debug-options.ts";
import { evaluate } from "./_gdb.ts";

const DEFAULT_LENGTH = 8;
/** Addresses of programs have 47 bits (Documentation/arch/x86/x86_64/mm.rst of Linux). */
const ADDRESS_LIMIT = 2 ** 47;

export const why = defineCommand({
  name: "why",
  summary: "Show who has written to memory last, and before that",
  details: [
    "Goes back from the place, by default where the program has failed, or else its end, to the last writes of ADDRESS, or of",
    "what EXPR stands for there (gdb evaluates it): the value before and after each, the line, and the stack.",
    "Exit code 1 if nobody has written there.",
    "  tickproof why latest 'q->length' --count 3",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    count: { kind: "count", value: "N", help: "how many writes (default 1)" },
    length: {
      kind: "count",
      value: "BYTES",
      help: `how many bytes of ADDRESS (default ${DEFAULT_LENGTH}); of EXPR its size`,
    },
    gdb: { kind: "text", value: "PROGRAM", help: "the gdb to ask for EXPR (default: gdb)" },
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "DIR|TEST ADDRESS|EXPR", min: 2, max: 2 },
  async run({ options, positionals: [path, what = ""] }) {
    const directory = findTrace(path);
    const at = await placeOf(options.at ?? "failure");
    const place = { ...options, trace: directory, at: options.at ?? "failure" };
    const { address, length } = await addressOf(what, place);
    const { catchInterrupts } = await import("../../engine/mod.ts");
    const { CannotWatch, writersOf } = await import("../../engine/debug/mod.ts");
    using _ = catchInterrupts();
    let found: Writers;
    try {
      found = writersOf({
        directory,
        at,
        process: options.process,
        address,
        length: options.length ?? length,
        count: options.count ?? 1,
        isEnded: () => isEnding(pendingInterrupt()),
      });
    } catch (error) {
      if (error instanceof CannotWatch) throw new UsageError(`${what} can't be watched: ${error.message}`);
      return await exitCodeOf(error);
    }
    const { value, isAll } = found;
    const writes = named(found.writes, directory);
    const where = `0x${address.toString(16)}`;
    if (options.json)
      print(`${JSON.stringify({ directory, address: where, value, writes, isAll }, null, 2)}\n`);
    else print(text(`${what} at ${where}`, value, writes, isAll));
    return writes.length > 0 ? OK : FAILED;
  },
});

/** Where that lies, and how many bytes it has. */
async function addressOf(
  what: string,
  place: Parameters<typeof evaluate>[0],
): Promise<{ address: number; length: number }> {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(what)) {
    if (Number(what) < ADDRESS_LIMIT) return { address: Number(what), length: DEFAULT_LENGTH };
    throw new UsageError(
      `${what} is no address of a program: these are below 0x${ADDRESS_LIMIT.toString(16)}`,
    );
  }
  const [address, size] = await evaluate(
    place,
    [`(unsigned long) &(${what})`, `(unsigned long) sizeof(${what})`],
    "/d",
  );
  const failed = [address, size].find((answer) => answer?.value === undefined || !/^\d+$/.test(answer.value));
  if (failed !== undefined) throw new UsageError(`${what}: ${failed.error ?? `gdb says ${failed.value}`}`);
  return { address: Number(address?.value), length: Number(size?.value) };
}

/** A write with the names of its frames. */
interface NamedWrite {
  event: number;
  task: number;
  process: number;
  ticks: number;
  /** Name of the system call whose result it is. */
  syscall?: string;
  before: string;
  after: string;
  frames: ReturnType<typeof framesOf>;
}

function named(writes: readonly Writer[], directory: string): NamedWrite[] {
  const files = storedFiles(directory);
  return writes.map(({ state, syscall, ...write }) => ({
    ...write,
    ...(syscall !== undefined && { syscall: syscallName(syscall) }),
    frames: framesOf(state, files).slice(0, FRAMES),
  }));
}

/** Bytes as a number, the lowest first, where they are as many as a number has. */
function valueText(hex: string): string {
  if (![2, 4, 8, 16].includes(hex.length)) return hex === "" ? "nothing" : `bytes ${hex}`;
  const number = BigInt(`0x${Buffer.from(hex, "hex").reverse().toString("hex")}`);
  const signed = BigInt.asIntN(4 * hex.length, number);
  return signed === number ? `${number}` : `${signed} (0x${number.toString(16)})`;
}

function text(what: string, value: string, writes: readonly NamedWrite[], isAll: boolean): string {
  const lines = writes.flatMap(({ task, ticks, event, syscall, before, after, frames }) => [
    `written by task ${task}, ${counted(ticks, "tick")}, before event ${event}` +
      `${syscall === undefined ? "" : `, by the kernel in ${syscall}`}: ${valueText(before)} became ${valueText(after)}`,
    ...frames.map(({ pc, place }, i) => `  #${i} ${pc}${place === undefined ? "" : ` ${placeText(place)}`}`),
  ]);
  const end = isAll
    ? [writes.length === 0 ? "nobody has written there" : "nobody has written there before"]
    : [];
  return `${[`${what} is ${valueText(value)}`, ...lines, ...end].join("\n")}\n`;
}
