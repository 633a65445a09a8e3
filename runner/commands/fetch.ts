/** `tickproof fetch`: brings the trace of a test that has failed on another host of a fleet. */
import { resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { NothingMatched, OK } from "../errors/mod.ts";

export const fetch = defineCommand({
  name: "fetch",
  summary: "Bring the trace of a test that has failed on another host of a fleet",
  details: [
    "The newest one of TEST (its id, with #N that of attempt N), as a packed trace: 'replay', 'debug' and the others take the file",
    "where they take a trace's folder. The processor here must have the instructions that the program used.",
  ].join("\n"),
  options: {
    output: {
      kind: "text",
      short: "o",
      value: "FILE",
      help: "the file to write; TEST.AGENT.trace.tgz here by default",
    },
    from: { kind: "text", value: "AGENT", help: "only what this agent has recorded" },
  },
  positionals: { usage: "TEST", min: 1, max: 1 },
  async run({ options, positionals: [test = ""] }) {
    const { FleetStore, fetchTrace, findTraceOf } = await import("../fleet/mod.ts");
    const { checkWritable } = await import("../files/mod.ts");
    const { historyPlace } = await import("../history/mod.ts");
    const { say } = await import("../output/mod.ts");
    const { fileNameOf } = await import("../text/mod.ts");
    await using store = await FleetStore.open(historyPlace(), {
      warn: (words) => say(`tickproof: ${words}\n`),
    });
    try {
      const found = await findTraceOf(store, test, options.from);
      if (found === undefined) {
        const whose = options.from === undefined ? "" : ` of the agent '${options.from}'`;
        throw new NothingMatched(
          `${store.name} has no trace of the test '${test}'${whose}: traces of failures are sent, unless with --keep none, and kept as long as their run`,
        );
      }
      const name = `${found.test.split("/").map(fileNameOf).join(".")}.${found.number}.${fileNameOf(found.agent)}.trace.tgz`;
      const file = resolve(options.output ?? name);
      checkWritable("-o", file);
      await fetchTrace(store, found, file);
      say(
        `tickproof: ${found.test} #${found.number} of '${found.agent}', ${(found.bytes / 1e6).toFixed(1)} MB: tickproof replay ${file}\n`,
      );
      return OK;
    } catch (error) {
      throw store.error(error);
    }
  },
});
