/** `tickproof suites`: records and replays the tests of manifests and scripts, and says which of them hold. */

import { defineCommand } from "../args/mod.ts";
import { SUITES_OPTIONS } from "./_suites-options.ts";

export const suites = defineCommand({
  name: "suites",
  summary: "Run tests: each natively, recorded and replayed, and compared",
  details: [
    "A FILE is a manifest (YAML), a script (TypeScript), a folder or a glob. Without FILE: what tickproof.yaml includes,",
    "else all manifests below this folder and all scripts there that import tickproof. A test",
    "passes if record and replay agree in output, end, ticks and events, and meet the manifest's expectations, every",
    "time. Traces of failures are kept. What is to be skipped, marked or expected to fail on this host follows from",
    "the manifests' conditions.",
  ].join("\n"),
  options: SUITES_OPTIONS,
  positionals: { usage: "[FILE…]", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals }) {
    // The runner is large, and no other command needs it.
    const { runSuites } = await import("./_suites.ts");
    return await runSuites(options, positionals);
  },
});
