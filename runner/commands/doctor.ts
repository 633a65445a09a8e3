/** `tickproof doctor`: what this machine or a described one can do, which bugs it has, and which engine can run. */

import { defineCommand } from "../args/mod.ts";
import { FAILED, OK, SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { isRichTerminal, outputColumns, print } from "../output/mod.ts";
import { HOST_OPTION } from "./_host-option.ts";

/** Each of these asks something else. */
const MODES = ["explain", "require", "compare"] as const;

/** Refuses two questions at once. */
function checkModes(
  options: { readonly [Mode in (typeof MODES)[number] | "host"]?: string | undefined },
): void {
  const asked = MODES.filter((mode) => options[mode] !== undefined).map((mode) => `'--${mode}'`);
  if (options.compare !== undefined && options.host !== undefined) asked.push("'--host'");
  if (asked.length > 1) throw new UsageError(`${asked.join(" and ")} exclude each other`);
}

/** A list as an option has it, with what stands behind it as words of their own. */
function listOf(option: string | undefined, words: readonly string[]): string | undefined {
  return option === undefined ? undefined : [option, ...words].join(",");
}

export const doctor = defineCommand({
  name: "doctor",
  summary: "Tell what this machine or a described one can do, its bugs, and which engine can run there",
  details: [
    "Every capability is measured, and may be named in manifests. Exit code 0: an engine can run here;",
    "1: none can. With --explain only that capability is measured. With --require CAPABILITIES, as in",
    "pmu,kvm-in-txcp-bug=no, only these are; exit code 0: all are so, 1: one is not. --compare HOSTS shows",
    "what differs between hosts, as in live,haswell; the exit code is then always 0. Both lists may also be",
    "words of their own: --compare live haswell.",
  ].join("\n"),
  options: {
    json: { kind: "flag", help: "print one JSON object" },
    host: HOST_OPTION,
    explain: { kind: "text", value: "CAPABILITY", help: "show all about one probe, and what it finds" },
    require: {
      kind: "text",
      value: "CAPABILITIES",
      help: "exit with 1 unless these are found (NAME, NAME=no)",
    },
    compare: { kind: "text", value: "HOSTS", help: "show what differs between hosts (live is this machine)" },
  },
  positionals: { usage: "", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals }) {
    const { capabilitiesOf, examine, Interrupted, liveHost, loadDescribedHost, probeOf, untilInterrupted } =
      await import("../host/mod.ts");
    const { doctorJson, doctorText, explainText } = await import("../reporters/doctor.ts");
    const { styleFor } = await import("../reporters/style.ts");
    const { checkCapability, hostsOf, requirementsOf } = await import("./_doctor-questions.ts");
    const { compareJson, compareText, requiredOf, requiredText } = await import(
      "../reporters/doctor-compare.ts"
    );
    if (options.json && options.explain !== undefined) {
      throw new UsageError("'--json' and '--explain' exclude each other: --json has all capabilities anyway");
    }
    checkModes(options);
    const compare = listOf(options.compare, positionals);
    const require = listOf(options.require, positionals);
    if (positionals.length > 0 && (compare ?? require) === undefined) {
      throw new UsageError(
        `'doctor' takes words behind --compare and --require only: got '${positionals[0]}'`,
      );
    }
    if (options.explain !== undefined) checkCapability(options.explain);
    const page = { style: styleFor(isRichTerminal(1)), width: outputColumns() };
    const say = (json: object, text: string) =>
      print(options.json ? `${JSON.stringify(json, null, 2)}\n` : text);
    if (compare !== undefined) {
      const hosts = hostsOf(compare);
      const examinations = untilInterrupted(() => hosts.map(examine));
      if (examinations instanceof Interrupted) return SIGNAL_BASE + examinations.signal;
      say(compareJson(examinations), compareText(examinations, page));
      return OK;
    }
    const requirements = require === undefined ? undefined : requirementsOf(require);
    const host = options.host === undefined ? liveHost : loadDescribedHost(options.host);
    const explained = options.explain === undefined ? undefined : probeOf(options.explain);
    if (explained !== undefined) {
      const found = untilInterrupted(() => capabilitiesOf(host, [explained.name]));
      if (found instanceof Interrupted) return SIGNAL_BASE + found.signal;
      print(explainText(explained, found, page));
      return OK;
    }
    if (requirements !== undefined) {
      const names = requirements.map(({ name }) => name);
      const found = untilInterrupted(() => capabilitiesOf(host, names));
      if (found instanceof Interrupted) return SIGNAL_BASE + found.signal;
      const all = requiredOf(requirements, found);
      say({ required: all }, requiredText(all, page));
      return all.every(({ met }) => met) ? OK : FAILED;
    }
    const examination = untilInterrupted(() => examine(host));
    if (examination instanceof Interrupted) return SIGNAL_BASE + examination.signal;
    say(doctorJson(examination), doctorText(examination, page));
    return examination.verdicts.some(({ runs }) => runs) ? OK : FAILED;
  },
});
