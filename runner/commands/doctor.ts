/** `tickproof doctor`: what this machine or a described one can do, which bugs it has, and which engine can run. */

import { didYouMean } from "../../ffi/mod.ts";
import { defineCommand } from "../args/mod.ts";
import { UsageError } from "../errors.ts";
import { FAILED, OK, SIGNAL_BASE } from "../exit-codes.ts";
import { isRichTerminal, outputColumns, print } from "../output.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "Tell what this machine or a described one can do, its bugs, and which engine can run there",
  details: [
    "Every capability is measured, and may be named in manifests. Exit code 0: an engine can run here;",
    "1: none can. With --explain only that capability is measured.",
  ].join("\n"),
  options: {
    json: { kind: "flag", help: "print one JSON object" },
    host: {
      kind: "text",
      value: "NAME|FILE",
      help: "a described host instead of this machine: one of manifests/hosts, or a profile of your own",
    },
    explain: { kind: "text", value: "CAPABILITY", help: "show all about one probe, and what it finds" },
  },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options }) {
    const {
      CAPABILITY_NAMES,
      capabilitiesOf,
      examine,
      Interrupted,
      liveHost,
      loadDescribedHost,
      probeOf,
      untilInterrupted,
    } = await import("../host/mod.ts");
    const { doctorJson, doctorText, explainText } = await import("../reporters/doctor.ts");
    const { styleFor } = await import("../reporters/style.ts");
    if (options.json && options.explain !== undefined) {
      throw new UsageError("'--json' and '--explain' exclude each other: --json has all capabilities anyway");
    }
    const explained = options.explain === undefined ? undefined : probeOf(options.explain);
    if (options.explain !== undefined && explained === undefined) {
      const hint =
        didYouMean(options.explain, CAPABILITY_NAMES) || `: it is one of ${CAPABILITY_NAMES.join(", ")}`;
      throw new UsageError(`no capability is named '${options.explain}'${hint}`);
    }
    const host = options.host === undefined ? liveHost : loadDescribedHost(options.host);
    const page = { style: styleFor(isRichTerminal(1)), width: outputColumns() };
    if (explained !== undefined) {
      const found = untilInterrupted(() => capabilitiesOf(host, [explained.name]));
      if (found instanceof Interrupted) return SIGNAL_BASE + found.signal;
      print(explainText(explained, found, page));
      return OK;
    }
    const examination = untilInterrupted(() => examine(host));
    if (examination instanceof Interrupted) return SIGNAL_BASE + examination.signal;
    if (options.json) print(`${JSON.stringify(doctorJson(examination), null, 2)}\n`);
    else print(doctorText(examination, page));
    return examination.verdicts.some(({ runs }) => runs) ? OK : FAILED;
  },
});
