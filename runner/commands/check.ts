/** `tickproof check`: whether a condition holds at some time of a recording, or always. */
import { defineCommand } from "../args/mod.ts";
import { FAILED, OK, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { type ConditionChange, followCondition } from "./_gdb.ts";

/** What gdb shows of a condition that does not hold: C, and Rust. */
const FALSE: readonly string[] = ["0", "false"];

export const check = defineCommand({
  name: "check",
  summary: "Check that a condition never holds in a recording, or always does",
  details: [
    "Follows what the condition is made of by the processor's watchpoints, from the start of main on, and says where it breaks",
    "first. gdb evaluates it, as it does for print; variables that live as long as the program can be followed to its end.",
    "Exit code 1 if it breaks.",
    "  tickproof check latest --never 'queue->length < 0'",
  ].join("\n"),
  options: {
    never: { kind: "text", value: "COND", help: "breaks where this holds" },
    always: { kind: "text", value: "COND", help: "breaks where this does not hold" },
    process: {
      kind: "count",
      value: "PID",
      help: "the process, by its id in the recording; the first one by default",
    },
    gdb: { kind: "text", value: "PROGRAM", help: "the gdb to ask (default: gdb)" },
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "DIR|TEST", min: 1, max: 1 },
  async run({ options, positionals: [path] }) {
    const { never, always } = options;
    const condition = never ?? always;
    if (condition === undefined || (never !== undefined && always !== undefined))
      throw new UsageError("give one of --never COND and --always COND");
    const found = await followCondition({ ...options, trace: findTrace(path), at: "start" }, condition);
    const breaks = breaksAt(found, never !== undefined);
    if (options.json) print(`${JSON.stringify({ condition, ...(breaks && { breaks }) }, null, 2)}\n`);
    else
      print(breaks ? `'${condition}' ${textOf(breaks, never !== undefined)}\n` : `'${condition}' is kept\n`);
    return breaks === undefined ? OK : FAILED;
  },
});

/** Where a condition breaks. */
interface Break {
  /** Index of the event that comes next there; missing where it is so from the start of main on. */
  event?: number;
  /** "#0 drain (q=0x…) at q.c:6", as gdb shows it. */
  frame: string;
}

function breaksAt({ values, event, frame }: ConditionChange, isNever: boolean): Break | undefined {
  const isBad = (value: string | undefined): boolean =>
    value !== undefined && FALSE.includes(value) !== isNever;
  if (isBad(values[0])) return { frame: "main" };
  if (!isBad(values[1])) return undefined;
  const [, index] = /event (\d+)/.exec(event) ?? [];
  return { ...(index !== undefined && { event: Number(index) }), frame };
}

function textOf({ event, frame }: Break, isNever: boolean): string {
  const what = isNever ? "holds" : "does not hold";
  return event === undefined ? `${what} at the start of main` : `${what} before event ${event}: ${frame}`;
}
