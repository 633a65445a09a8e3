/** `tickproof stat`: runs a program and counts what the kernel and the processor can count of it. */
import { defineCommand } from "../args/mod.ts";
import { endLike } from "../end-like.ts";
import { SIGNAL_BASE } from "../exit-codes.ts";
import { isRichTerminal, say } from "../output.ts";
import { checkWritable, writeWhole } from "../write-whole.ts";

export const stat = defineCommand({
  name: "stat",
  summary: "Run a program and count its events: time, faults, switches, cycles, branches",
  details: [
    "Input, output and the exit code or death by signal are the program's own; the report goes to standard",
    "error, or to FILE. EVENTS are names as perf-list(1) has them, apart by commas, with modifiers (cycles:u),",
    "raw codes (r1c4, cpu/event=0xc4,umask=0x11/), or groups that are counted together ({cycles,instructions}).",
    "What this machine can't count reads <not supported>; what was never on a counter, <not counted>.",
  ].join("\n"),
  options: {
    events: { kind: "text", short: "e", value: "EVENTS", help: "what to count" },
    repeat: {
      kind: "count",
      short: "r",
      value: "N",
      help: "run it N times; show mean and standard deviation",
    },
    host: {
      kind: "text",
      value: "HOST",
      help: "count on a described host: a name from manifests/hosts, or a profile's file",
    },
    json: { kind: "flag", help: "report one JSON object" },
    output: { kind: "text", short: "o", value: "FILE", help: "write the report to FILE" },
  },
  positionals: { usage: "[--] CMD ARGS…", min: 1, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: command }) {
    const { countRuns, statText } = await import("../stat/mod.ts");
    const { styleFor } = await import("../reporters/style.ts");
    const { output } = options;
    if (output !== undefined) checkWritable("-o", output);
    const { summary, last } = countRuns({
      command,
      events: options.events,
      repeat: options.repeat ?? 1,
      host: options.host,
    });
    const rich = output === undefined && isRichTerminal(2);
    const report = options.json ? `${JSON.stringify(summary, null, 2)}\n` : statText(summary, styleFor(rich));
    if (output === undefined) say(report);
    else writeWhole(output, report);
    if (last.interrupted !== undefined) return SIGNAL_BASE + last.interrupted;
    return await endLike(last.end.kind === "exited" ? { code: last.end.code } : { signal: last.end.signal });
  },
});
