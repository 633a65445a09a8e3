/** `tickproof stat`: runs a program and counts what the kernel and the processor can count of it. */
import { defineCommand } from "../args/mod.ts";
import { SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { checkWritable, writeWhole } from "../files/mod.ts";
import { endLike } from "../outcome/mod.ts";
import { isRichTerminal, say } from "../output/mod.ts";
import type { StatSummary } from "../stat/mod.ts";

/** As perf-stat(1) has it: below, reading costs more than what is counted. */
const LEAST_INTERVAL = 10;

export const stat = defineCommand({
  name: "stat",
  summary: "Run a program and count its events: time, faults, switches, cycles, branches",
  details: [
    "Input, output and the exit code or death by signal are the program's own; the report goes to standard",
    "error, or to FILE. EVENTS are names as perf-list(1) has them, apart by commas, with modifiers (cycles:u),",
    "raw codes (r1c4, cpu/event=0xc4,umask=0x11/), or groups that are counted together ({cycles,instructions}).",
    "Ctrl-C ends the watch of -a, -p, -t and -C without a CMD. What this machine can't count reads <not supported>; what was never on a counter, <not counted>.",
  ].join("\n"),
  options: {
    events: { kind: "text", short: "e", value: "EVENTS", help: "what to count" },
    repeat: {
      kind: "count",
      short: "r",
      value: "N",
      help: "run it N times; show mean and standard deviation",
    },
    detailed: { kind: "flag", short: "d", help: "count loads of the caches too" },
    "all-cpus": { kind: "flag", short: "a", help: "count everybody on all processors, not only CMD" },
    pid: { kind: "text", short: "p", value: "PIDS", help: "count these processes, with what they start" },
    tid: { kind: "text", short: "t", value: "TIDS", help: "count these threads, with what they start" },
    cpu: { kind: "text", short: "C", value: "CPUS", help: "count everybody on these processors: 0,2-3" },
    interval: {
      kind: "count",
      short: "I",
      value: "MS",
      help: `report what was counted in each MS milliseconds, ${LEAST_INTERVAL} or more`,
    },
    separator: {
      kind: "text",
      short: "x",
      value: "SEP",
      help: "report lines of fields with SEP between, as perf-stat(1) has them",
    },
    host: {
      kind: "text",
      value: "HOST",
      help: "count on a described host: a name from manifests/hosts, or a profile's file",
    },
    json: { kind: "flag", help: "report one JSON object" },
    output: { kind: "text", short: "o", value: "FILE", help: "write the report to FILE" },
  },
  positionals: { usage: "[--] CMD ARGS…", min: 0, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: command }) {
    const { countRuns, intervalText, statCsv, statText, targetsOf } = await import("../stat/mod.ts");
    const { styleFor } = await import("../reporters/style.ts");
    const { output, separator, interval, host, json } = options;
    const targets = targetsOf({
      all: options["all-cpus"],
      processes: options.pid,
      threads: options.tid,
      cpus: options.cpu,
    });
    checkOptions({ command, watches: targets !== undefined, separator, interval, host, json });
    if (output !== undefined) checkWritable("-o", output);
    const shown: string[] = [];
    const put = output === undefined ? say : (text: string) => shown.push(text);
    const rich = output === undefined && isRichTerminal(2);
    const part = (summary: StatSummary, seconds: number): string => {
      if (json) return `${JSON.stringify({ seconds, ...summary })}\n`;
      return separator === undefined ? intervalText(summary, seconds) : statCsv(summary, separator, seconds);
    };
    const { summary, last } = countRuns({
      command,
      targets,
      events: options.events,
      detailed: options.detailed,
      repeat: options.repeat ?? 1,
      host,
      interval,
      onInterval: (interim, seconds) => put(part(interim, seconds)),
    });
    if (interval === undefined) {
      if (json) put(`${JSON.stringify(summary, null, 2)}\n`);
      else put(separator === undefined ? statText(summary, styleFor(rich)) : statCsv(summary, separator));
    }
    if (output !== undefined) writeWhole(output, shown.join(""));
    // Who watches others says by a signal that it is enough.
    if (last.interrupted !== undefined && command.length > 0) return SIGNAL_BASE + last.interrupted;
    return await endLike(last.end.kind === "exited" ? { code: last.end.code } : { signal: last.end.signal });
  },
});

/** Refuses what contradicts itself. */
function checkOptions(given: {
  readonly command: readonly string[];
  readonly watches: boolean;
  readonly separator: string | undefined;
  readonly interval: number | undefined;
  readonly host: string | undefined;
  readonly json: boolean;
}): void {
  const { command, watches, separator, interval, host, json } = given;
  if (command.length === 0 && !watches)
    throw new UsageError("nothing to count: give a CMD, or -a, -p, -t or -C");
  if (separator === "") throw new UsageError("-x takes what stands between two fields, such as ',' or ';'");
  if (separator !== undefined && json) throw new UsageError("'-x' and '--json' exclude each other");
  if (interval !== undefined && interval < LEAST_INTERVAL) {
    throw new UsageError(`-I takes ${LEAST_INTERVAL} milliseconds or more: current value is ${interval}`);
  }
  if (host === undefined) return;
  if (watches) throw new UsageError("'--host' runs a program of its own: it excludes -a, -p, -t and -C");
  if (interval !== undefined)
    throw new UsageError("'--host' and '-I' exclude each other: its time is the model's");
}
