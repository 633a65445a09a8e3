/** `tickproof waits`: who waits for whom in a recording that hangs. */
import type { Waits } from "../../engine/debug/mod.ts";
import { pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { nameWaits, waitsHead, waitsLines } from "../engines/waits.ts";
import { OK } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { exitCodeOf, isEnding, PLACE_OPTIONS, placeOf } from "./_debug-options.ts";

export const waits = defineCommand({
  name: "waits",
  summary: "Show who waits for whom where a recorded program hangs",
  details: [
    "Replays to the place, by default where the program has failed, or else its end, and shows of the threads of all processes",
    "what each waits for: a lock and who has it, and where that one has taken it; a condition, and who was there last; the end of",
    "a thread or a child; a descriptor. Threads that wait for each other in a circle are named first.",
  ].join("\n"),
  options: {
    at: PLACE_OPTIONS.at,
    json: { kind: "flag", help: "one JSON object" },
  },
  positionals: { usage: "[DIR | TEST]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const directory = findTrace(path);
    const at = await placeOf(options.at ?? "failure");
    const { catchInterrupts } = await import("../../engine/mod.ts");
    const { waitsAt } = await import("../../engine/debug/mod.ts");
    using _ = catchInterrupts();
    let found: Waits;
    try {
      found = waitsAt({
        directory,
        at,
        isEnded: () => isEnding(pendingInterrupt()),
      });
    } catch (error) {
      return await exitCodeOf(error);
    }
    const named = nameWaits(found, directory);
    if (options.json) print(`${JSON.stringify(named, null, 2)}\n`);
    else print(`${[waitsHead(named), ...waitsLines(named).map((line) => `  ${line}`)].join("\n")}\n`);
    return OK;
  },
});
