/** `tickproof print`: values of expressions at a place of a recording. */
import { defineCommand } from "../args/mod.ts";
import { FAILED, OK } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print as write } from "../output/mod.ts";
import { PLACE_OPTIONS, placeOf } from "./_debug-options.ts";
import { type Evaluated, evaluate } from "./_gdb.ts";

export const print = defineCommand({
  name: "print",
  summary: "Show the values of expressions at a place of a recording",
  details: [
    "Replays to the place, by default where the program has failed, or else its end, and has gdb evaluate each EXPR in the",
    "innermost frame: variables, members, arithmetic, registers ($rip). Exit code 1 if one has no value.",
    "  tickproof print latest --at signal 'q->length' '*q'",
  ].join("\n"),
  options: {
    ...PLACE_OPTIONS,
    gdb: { kind: "text", value: "PROGRAM", help: "the gdb to ask (default: gdb)" },
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "DIR|TEST EXPR…", min: 2, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals: [path, ...expressions] }) {
    const at = options.at ?? "failure";
    await placeOf(at);
    const directory = findTrace(path);
    const values = await evaluate({ ...options, trace: directory, at }, expressions);
    if (options.json) write(`${JSON.stringify({ directory, at, values }, null, 2)}\n`);
    else write(values.map((each) => `${each.expression}${answerOf(each)}\n`).join(""));
    return values.some(({ error }) => error !== undefined) ? FAILED : OK;
  },
});

function answerOf({ value, error }: Evaluated): string {
  return value === undefined ? `: ${error}` : ` = ${value}`;
}
