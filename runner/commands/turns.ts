/** `tickproof turns`: which turns of threads around an event of a recording touch the same memory. */
import { pendingInterrupt } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { meetingLines, meetingText, nameMeeting } from "../engines/meeting.ts";
import { FAILED, OK, UsageError } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";
import { exitCodeOf, isEnding } from "./_debug-options.ts";

export const turns = defineCommand({
  name: "turns",
  summary: "Show which lines of a thread ran between which of another one, and the memory that both touch",
  details: [
    "Looks at the turns around each EVENT of a recording, such as those at which a schedule was changed, for memory that one",
    "thread touches in front of it and behind it, and another one meanwhile; without an EVENT at the last turns of all. Exit code",
    "1 if nobody else runs there.",
    "  tickproof turns latest 1207",
  ].join("\n"),
  options: { json: { kind: "flag", help: "one JSON object" } },
  positionals: { usage: "DIR|TEST [EVENT…]", min: 1, max: 8 },
  async run({ options, positionals: [path, ...words] }) {
    const directory = findTrace(path);
    const wrong = words.find((word) => !/^\d{1,15}$/.test(word));
    if (wrong !== undefined)
      throw new UsageError(`an event is a whole number, as dump shows it: it is '${wrong}'`);
    const { catchInterrupts } = await import("../../engine/mod.ts");
    const { meetingAt } = await import("../../engine/debug/mod.ts");
    using _ = catchInterrupts();
    let found: ReturnType<typeof meetingAt>;
    try {
      found = meetingAt({
        directory,
        events: words.map(Number),
        isEnded: () => isEnding(pendingInterrupt()),
      });
    } catch (error) {
      return await exitCodeOf(error);
    }
    if (found === undefined) {
      print(options.json ? "{}\n" : "only one thread runs there\n");
      return FAILED;
    }
    const named = nameMeeting(found, directory);
    if (options.json) print(`${JSON.stringify(named, null, 2)}\n`);
    else
      print(
        `${meetingText(named)}\n${meetingLines(named)
          .map((line) => `  ${line}\n`)
          .join("")}`,
      );
    return OK;
  },
});
