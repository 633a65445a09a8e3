/** `tickproof info`: what a trace is of, and what is in it. */
import { visibleJson } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { OK } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { print } from "../output/mod.ts";

export const info = defineCommand({
  name: "info",
  summary: "Show what a trace is of: command, host, ticks, counts of events",
  options: { json: { kind: "flag", help: "one JSON object" } },
  positionals: { usage: "[DIR]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const { formatSummary, summarize } = await import("../../engine/trace/mod.ts");
    const summary = summarize(findTrace(path));
    print(`${(options.json ? visibleJson(summary, 2) : formatSummary(summary)).trimEnd()}\n`);
    return OK;
  },
});
