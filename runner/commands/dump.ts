/** `tickproof dump`: the events of a trace as text, or as JSON lines. */
import { oneLine, visibleJson } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print, say } from "../output/mod.ts";

/** Characters that are gathered before they are written at once. */
const BATCH = 1 << 16;

export const dump = defineCommand({
  name: "dump",
  summary: "Show the events of a trace",
  options: { json: { kind: "flag", help: "one JSON object a line" } },
  positionals: { usage: "[DIR]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const { TraceReader, eventToJson, formatEvent, formatHostLine, readHostLog } = await import(
      "../../engine/trace/mod.ts"
    );
    const folder = findTrace(path);
    const reader = TraceReader.open(folder);
    // Lines of a described host's logs stand in front of the event that came next.
    const logged = reader.meta.described ? readHostLog(folder) : [];
    let [batch, said] = ["", 0];
    const logsUpTo = (index: number) => {
      for (let line = logged[said]; line !== undefined && line.event <= index; line = logged[++said]) {
        batch += `${options.json ? visibleJson({ kind: "host-log", ...line }) : oneLine(formatHostLine(line))}\n`;
      }
    };
    for (const [index, event] of reader.singles()) {
      logsUpTo(index);
      batch += options.json
        ? `${visibleJson(eventToJson(event, index))}\n`
        : `${formatEvent(event, index)}\n`;
      if (batch.length < BATCH) continue;
      print(batch);
      batch = "";
    }
    logsUpTo(Number.POSITIVE_INFINITY);
    print(batch);
    if (reader.incomplete !== undefined) say(`tickproof: ${reader.incomplete}\n`);
    reader.close();
    return OK;
  },
});
