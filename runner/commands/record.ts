/** `tickproof record`: runs a program in the engine and keeps a trace of it. */

import { resolve } from "node:path";
import type { HostModel } from "../../engine/host/mod.ts";
import type { Denial, RecordOptions } from "../../engine/mod.ts";
import { didYouMean, oneLine } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { parseSends } from "../args/send-option.ts";
import { SIGNAL_BASE, USAGE, UsageError } from "../errors/mod.ts";
import { checkWritable, newDefaultTrace, progressWriter, writeWhole } from "../files/mod.ts";
import { endLike, type RecordReport, reporting, untilEnd } from "../outcome/mod.ts";
import { OutputTail, say } from "../output/mod.ts";
import { counted } from "../text/mod.ts";
import { tellOfTranslations } from "./_translations.ts";

const SIGINT = 2;

/** What stands for a seed that is drawn now. */
const RANDOM_SEED = "random";
const BYTES_PER_MB = 1_000_000;

/** System calls from one checksum of memory to the next, by default. */
const CHECKSUM_EVERY = 1000;

export const record = defineCommand({
  name: "record",
  summary: "Run a program and record it",
  details: [
    "Input, output and the exit code or death by signal are the program's own. Options end at CMD.",
    "What the program leaves running is ended with its first process, unless with --wait.",
    "Without -o the trace goes to a new folder in $TICKPROOF_TRACES, by default",
    "~/.local/share/tickproof/traces, and 'latest' there points to it.",
  ].join("\n"),
  options: {
    output: { kind: "text", short: "o", value: "DIR", help: "keep the trace in DIR, a new or empty folder" },
    wait: { kind: "flag", help: "record until the last process has ended, not the first one" },
    quiet: { kind: "flag", short: "q", help: "say nothing but errors" },
    progress: { kind: "text", value: "FILE", help: "write how far it has come to FILE, now and then" },
    report: { kind: "text", value: "FILE", help: "write the result to FILE as JSON" },
    tail: { kind: "text", value: "FILE", help: "write the end of the program's output to FILE, too" },
    budget: {
      kind: "count",
      value: "MB",
      help: "room for the trace: what happens beyond it is not kept, and the program goes on",
    },
    host: {
      kind: "text",
      value: "HOST",
      help: "run it on a described host: a name from manifests/hosts, or a profile's file",
    },
    send: {
      kind: "text",
      value: "SIGNAL@TICKS",
      help: "send the program a signal at an exact tick; several with commas",
    },
    "check-effects": {
      kind: "flag",
      help: "compare all memory around each system call with what is recorded of it (slow)",
    },
    deny: {
      kind: "text",
      value: "WHAT",
      help: "answer EACCES to what would reach a network (net), change files (write), or change files outside of the working folder (write-outside); several with commas",
    },
    checksum: {
      kind: "text",
      value: "CALLS",
      bare: String(CHECKSUM_EVERY),
      help: `keep checksums: of the trace's files, and of memory each CALLS system calls, ${CHECKSUM_EVERY} by default`,
    },
    chaos: {
      kind: "text",
      value: "SEED[:TURNS[:SEED]]",
      bare: RANDOM_SEED,
      help: "let tasks take turns as no fair schedule would; the seed, a new one by default, gives the same turns again; with TURNS the first ones alone, and behind them fair ones, or those of another seed",
    },
    "until-stuck": {
      kind: "flag",
      help: "end the recording where every thread waits for another one: nothing would ever happen any more",
    },
    "most-turns": {
      kind: "count",
      value: "N",
      help: "with --chaos: end the recording where tasks have taken more turns",
    },
  },
  positionals: { usage: "[--] CMD ARGS…", min: 1, max: Number.POSITIVE_INFINITY, verbatim: true },
  async run({ options, positionals: command }) {
    const engine = await import("../../engine/mod.ts");
    const deny = options.deny === undefined ? [] : parseDenials(options.deny, engine.DENIALS);
    const signals = options.send === undefined ? [] : parseSends(options.send);
    const chaos = options.chaos === undefined ? undefined : parseChaos(options.chaos, engine.MAX_SEED);
    if (options["most-turns"] !== undefined && chaos === undefined)
      throw new UsageError("--most-turns counts the turns of a schedule by a seed: give --chaos with it");
    const checksum = options.checksum === undefined ? undefined : parseInterval(options.checksum);
    const model = await modelOf(options.host, options.quiet);
    if (options.tail !== undefined) checkWritable("--tail", options.tail);
    const tail = options.tail === undefined ? undefined : new OutputTail();
    const result = untilEnd(engine, () => {
      const trace =
        options.output === undefined
          ? newDefaultTrace(command[0] ?? "")
          : { directory: resolve(options.output), discard: () => {} };
      const { directory } = trace;
      try {
        const report: RecordReport = reporting(options.report, () => ({
          kind: "record",
          directory,
          ...engine.record({
            command,
            directory,
            quiet: options.quiet,
            checkEffects: options["check-effects"],
            ...(!options.quiet && { onNote: (text: string) => say(`tickproof: ${text}\n`) }),
            signals,
            ...(options.progress !== undefined && { onProgress: progressWriter(options.progress) }),
            ...(tail !== undefined && { onOutput: (bytes: Uint8Array) => tail.add(bytes) }),
            ...(options.budget !== undefined && { maxBytes: options.budget * BYTES_PER_MB }),
            deny,
            ...chaos,
            ...(checksum !== undefined && { checksum }),
            wait: options.wait,
            endless: {
              whenStuck: options["until-stuck"],
              ...(options["most-turns"] !== undefined && { afterTurns: options["most-turns"] }),
            },
            onStall: (message) => say(`tickproof: ${message}\n`),
            ...model(),
          }),
        }));
        if (report.events === 0) trace.discard();
        return report;
      } catch (error) {
        trace.discard();
        throw error;
      } finally {
        if (tail && options.tail !== undefined) writeWhole(options.tail, tail.bytes());
      }
    });
    if (chaos !== undefined && !options.quiet)
      say(`tickproof: chaos by seed ${chaos.chaos}; --chaos=${words(chaos)} gives the same turns\n`);
    if (!options.quiet) tellOfTranslations(engine.translationTrouble());
    return await conclude(result, options.quiet);
  },
});

/** System calls from one checksum to the next. @throws {UsageError} For what is no such number. */
function parseInterval(text: string): number {
  const calls = Number(text);
  if (/^\d{1,9}$/.test(text) && calls > 0) return calls;
  throw new UsageError(`--checksum takes a whole number from 1 on: current value is '${text}'`);
}

/** A schedule by a seed, as the engine takes it. */
type ChaosWords = Required<Pick<RecordOptions, "chaos">> & Pick<RecordOptions, "chaosTurns" | "chaosThen">;

/** The seed of `--chaos`, and for how many turns. @throws {UsageError} For what is none. */
function parseChaos(text: string, largest: number): ChaosWords {
  if (text === RANDOM_SEED) return { chaos: Math.floor(Math.random() * (largest + 1)) };
  const numbers = /^\d{1,15}(:\d{1,15}){0,2}$/.test(text) ? text.split(":").map(Number) : [];
  const [chaos, chaosTurns, chaosThen] = numbers;
  if (chaos === undefined || chaos > largest || (chaosThen ?? 0) > largest) {
    throw new UsageError(
      `--chaos takes a seed, a whole number of 0 to ${largest}, and behind colons how many turns, and the seed of those that follow: current value is '${text}'`,
    );
  }
  return {
    chaos,
    ...(chaosTurns !== undefined && { chaosTurns }),
    ...(chaosThen !== undefined && { chaosThen }),
  };
}

function words({ chaos, chaosTurns, chaosThen }: ChaosWords): string {
  return [chaos, chaosTurns, chaosThen].filter((part) => part !== undefined).join(":");
}

/** `--deny net,write-outside` as the engine takes it. @throws {UsageError} For what can't be denied. */
function parseDenials(text: string, known: readonly Denial[]): Denial[] {
  return text.split(",").map((part) => {
    const found = known.find((denial) => denial === part.trim());
    if (found !== undefined) return found;
    const hint = didYouMean(part.trim(), known) || `; one of ${known.join(", ")}`;
    throw new UsageError(`--deny can't deny '${part}'${hint}`);
  });
}

/** What makes the model of a described host, loaded only where one was asked for. */
async function modelOf(host: string | undefined, quiet: boolean): Promise<() => { host?: HostModel }> {
  if (host === undefined) return () => ({});
  const [{ loadRunnableProfile, unknownProcessor }, { createHostModel }] = await Promise.all([
    import("../host/profiles.ts"),
    import("../../engine/host/mod.ts"),
  ]);
  const profile = loadRunnableProfile(host);
  const unknown = unknownProcessor(profile);
  if (unknown !== undefined && !quiet) say(`tickproof: ${unknown}\n`);
  return () => ({ host: createHostModel(profile) });
}

async function conclude(result: RecordReport, quiet: boolean): Promise<number> {
  switch (result.outcome) {
    case "recorded":
      if (!quiet) {
        for (const { pid, command } of result.left ?? []) {
          const words = oneLine(command.join(" "));
          say(`tickproof: the program left process ${pid} running (${words}); it was ended, see --wait\n`);
        }
        say(`tickproof: recorded ${summary(result)}\n`);
      }
      return await endLike(result.exit);
    case "interrupted":
      if (!quiet) {
        const recorded = result.events > 0 ? `recorded ${summary(result)}` : "nothing was recorded";
        say(`tickproof: ${result.message || "interrupted"}; ${recorded}\n`);
      }
      return await endLike(result.exit ?? { code: SIGNAL_BASE + SIGINT });
    case "unsupported":
      say(`tickproof: ${result.message}\n`);
      return USAGE;
  }
}

function summary({ ticks, events, signals, directory, cut }: RecordReport): string {
  const counts = [counted(ticks, "tick"), counted(events, "event"), counted(signals, "signal")];
  const note = cut ? "; the trace breaks off where its --budget was used up" : "";
  return `${counts.join(", ")} in ${directory}${note}`;
}
