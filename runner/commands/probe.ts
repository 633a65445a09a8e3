/** `tickproof probe`: runs probes of a user's own, and shows what they find. */
import { defineCommand } from "../args/mod.ts";
import { FAILED, OK, SIGNAL_BASE, UsageError } from "../errors/mod.ts";
import { isRichTerminal, outputColumns, print } from "../output/mod.ts";
import { HOST_OPTION } from "./_host-option.ts";

const STATES = ["yes", "no", "unknown"] as const;

export const probe = defineCommand({
  name: "probe",
  summary: "Run a probe of your own, and show what it finds, with evidence",
  details: [
    "FILE is a module in TypeScript or JavaScript whose default export is a probe: { name, title, run }, where run()",
    "returns { state: 'yes' | 'no' | 'unknown', evidence }. A manifest that lists it in 'probes' may name it in",
    "'requires' and the like. Exit code 0: it was run; with --expect 1: it has found something else.",
  ].join("\n"),
  options: {
    json: { kind: "flag", help: "print one JSON object" },
    host: HOST_OPTION,
    expect: { kind: "text", value: "STATE", choices: STATES, help: "exit with 1 unless all find this" },
  },
  positionals: { usage: "FILE…", min: 1, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals: files }) {
    const { capabilitiesOf, Interrupted, liveHost, loadDescribedHost, loadUserProbe, untilInterrupted } =
      await import("../host/mod.ts");
    const { explainText } = await import("../reporters/doctor.ts");
    const { styleFor } = await import("../reporters/style.ts");
    const probes = files.map(loadUserProbe);
    const names = probes.map(({ name }) => name);
    const host = options.host === undefined ? liveHost : loadDescribedHost(options.host);
    const found = untilInterrupted(() => {
      try {
        return capabilitiesOf(host, names);
      } catch (error) {
        if (error instanceof UsageError || !(error instanceof Error)) throw error;
        throw new UsageError(`a probe went wrong on ${host.name}: ${error.message}`);
      }
    });
    if (found instanceof Interrupted) return SIGNAL_BASE + found.signal;
    if (options.json) {
      const all = probes.map(({ name, title, kind }) => [name, { title, kind, ...found.get(name) }]);
      print(`${JSON.stringify({ host: host.name, capabilities: Object.fromEntries(all) }, null, 2)}\n`);
    } else {
      const page = { style: styleFor(isRichTerminal(1)), width: outputColumns() };
      for (const each of probes) print(explainText(each, found, page));
    }
    const { expect } = options;
    const met = names.every((name) => found.get(name)?.state === expect);
    return expect === undefined || met ? OK : FAILED;
  },
});
