/** `tickproof suites`: records and replays the tests of manifests, and says which of them hold. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { ENGINE_CHOICES, type EngineChoice } from "../engines/types.ts";
import { FAILED, OK, SIGNAL_BASE } from "../exit-codes.ts";
import { isRichTerminal, print } from "../output.ts";
import type { TestCase } from "../run/mod.ts";
import { KEEP } from "../run/workspace.ts";
import { signalNumber } from "../signals.ts";
import { tracesRoot } from "../traces.ts";

/** Starts tickproof as this process was started, for a recording or replay in a process of its own. */
const TICKPROOF: readonly string[] = [process.execPath, resolve(import.meta.dir, "../cli.ts")];

export const suites = defineCommand({
  name: "suites",
  summary: "Run tests: each natively, recorded and replayed, and compared",
  details: [
    "Without MANIFEST: all of tickproof's own manifests. A test passes if record and replay agree in output,",
    "end, ticks and events, and meet the manifest's expectations, every time. Traces of failures are kept.",
    "What is to be skipped, marked or expected to fail on this host follows from the manifests' conditions.",
  ].join("\n"),
  options: {
    repeat: { kind: "count", value: "N", help: "run each test N times (default 1)" },
    filter: {
      kind: "text",
      value: "PATTERN",
      help: "only tests whose id has this in it, or matches this glob",
    },
    engine: {
      kind: "text",
      value: "ENGINE",
      choices: ENGINE_CHOICES,
      help: "embedded, rr, or auto: rr where it works and is fit for the test (default: as the manifest says)",
    },
    force: {
      kind: "flag",
      help: "run what is not supported here too, under the guard for branches in transactions (IN_TX)",
    },
    host: {
      kind: "text",
      value: "NAME|FILE",
      help: "run nothing; show what would happen on a described host",
    },
    jobs: { kind: "count", value: "N", help: "tests at a time (default: one per core)" },
    keep: {
      kind: "text",
      value: "WHICH",
      choices: KEEP,
      help: "traces to keep: failed (default), all, never",
    },
    json: { kind: "flag", help: "print one JSON object instead of the table" },
  },
  positionals: { usage: "[MANIFEST…]", min: 0, max: Number.POSITIVE_INFINITY },
  async run({ options, positionals }) {
    const { loadManifest } = await import("../manifest/mod.ts");
    const { defaultManifests, inTxGuard, planTests, runTests, surroundings } = await import("../run/mod.ts");
    const { jsonReporter, terminalReporter } = await import("../reporters/mod.ts");
    const { LogWatch, readSettings } = await import("../kernel/mod.ts");
    const { liveHost } = await import("../host/mod.ts");
    const paths = positionals.length > 0 ? positionals : defaultManifests();
    const tests = planTests(paths.map(loadManifest), options.filter);
    const keep = KEEP.find((known) => known === options.keep) ?? "failed";
    const choice = ENGINE_CHOICES.find((known) => known === options.engine);
    if (options.host !== undefined) {
      await showForecast(options.host, tests, { choice, force: options.force, json: options.json });
      return OK;
    }

    const abort = new AbortController();
    let ended: NodeJS.Signals | undefined;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        ended ??= signal;
        abort.abort();
      });
    }
    const summary = await runTests({
      ...surroundings(tests, { choice, force: options.force, tickproof: TICKPROOF }),
      tests,
      repeat: options.repeat ?? 1,
      jobs: options.jobs ?? availableParallelism(),
      keep,
      log: new LogWatch(() => liveHost.kernelLog()),
      settings: () => readSettings(liveHost),
      guard: () => inTxGuard(liveHost),
      root: tracesRoot(),
      abort: abort.signal,
      report: options.json ? jsonReporter() : terminalReporter(),
    });
    if (ended !== undefined) return SIGNAL_BASE + (signalNumber(ended) ?? 0);
    return summary.failed > 0 ? FAILED : OK;
  },
});

/** Shows what would happen on a described host. */
async function showForecast(
  host: string,
  tests: readonly TestCase[],
  { choice, force, json }: { choice: EngineChoice | undefined; force: boolean; json: boolean },
): Promise<void> {
  const { ENGINE_NAMES } = await import("../host/mod.ts");
  const { forecastOn } = await import("../run/mod.ts");
  const { forecastJson, forecastText, styleFor } = await import("../reporters/mod.ts");
  const engines = choice === undefined || choice === "auto" ? ENGINE_NAMES : [choice];
  const found = forecastOn({ host, engines, force }, tests);
  const style = styleFor(isRichTerminal(1));
  print(json ? `${JSON.stringify(forecastJson(found), null, 2)}\n` : forecastText(found, style));
}
