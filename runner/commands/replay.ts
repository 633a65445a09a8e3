/** `tickproof replay`: runs a recorded program again, answered from its trace, and checks every event. */

import { oneLine } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { FAILED } from "../errors/mod.ts";
import { findTrace } from "../files/mod.ts";
import { endLike, reporting, untilEnd } from "../outcome/mod.ts";
import { say } from "../output/mod.ts";
import { counted } from "../text/mod.ts";
import { tellOfTranslations } from "./_translations.ts";

export const replay = defineCommand({
  name: "replay",
  summary: "Run a recorded program again and check that it does the same",
  details: [
    "Prints what the program printed and ends as it ended. Nothing outside is touched.",
    "Without DIR it is the latest trace that was recorded without -o. A TEST (suite/name, or the name alone) is one whose",
    "trace a run of tests has kept; #2 behind it is its second attempt.",
  ].join("\n"),
  options: {
    quiet: { kind: "flag", short: "q", help: "say nothing but errors" },
    report: { kind: "text", value: "FILE", help: "write the result to FILE as JSON" },
  },
  positionals: { usage: "[DIR | TEST]", min: 0, max: 1 },
  async run({ options, positionals: [path] }) {
    const engine = await import("../../engine/mod.ts");
    const result = untilEnd(engine, () =>
      reporting(options.report, () => {
        const directory = findTrace(path);
        return { kind: "replay", directory, ...engine.replay({ directory, quiet: options.quiet }) };
      }),
    );
    if (result.unfiltered !== undefined && !options.quiet) {
      say(
        `tickproof: replayed processes are held by the tracer alone (${result.unfiltered}): ` +
          "for a trace from elsewhere use a kernel with CONFIG_SECCOMP_FILTER, and a container that permits seccomp\n",
      );
    }
    if (!options.quiet) tellOfTranslations(engine.translationTrouble());
    if (result.outcome === "diverged") {
      say(`tickproof: ${oneLine(result.message)}\n`);
      return FAILED;
    }
    if (result.outcome === "interrupted") {
      if (!options.quiet) say(`tickproof: ${result.message} at event ${result.event}\n`);
      return await endLike(result.exit);
    }
    if (!options.quiet) {
      const counts = `${counted(result.ticks, "tick")}, ${counted(result.events, "event")}`;
      const note = result.message ? `; ${oneLine(result.message)}` : "";
      say(`tickproof: ${result.outcome === "partial" ? "replayed in part" : "replayed"}: ${counts}${note}\n`);
    }
    return await endLike(result.exit);
  },
});
