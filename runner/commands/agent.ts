/** `tickproof agent`: offers this host to a fleet, and runs the tests that it is sent. */
import { availableParallelism, hostname } from "node:os";
import { defineCommand } from "../args/mod.ts";
import { OK, UsageError } from "../errors/mod.ts";

/** How long jobs that run may go on once it is told to end, in seconds. */
const GRACE_SECONDS = 60;
/** Names and labels stand in lists with commas, and in words for people. */
const WORD = /^[\w.:-]{1,100}$/;

export const agent = defineCommand({
  name: "agent",
  summary: "Offer this host to a fleet: take tests that it can do, run them, and send back what came of them",
  details: [
    "The fleet is in the PostgreSQL that 'store' in tickproof.yaml or TICKPROOF_STORE names. It registers what 'tickproof",
    "doctor' finds here; 'tickproof suites --fleet' sends tests. SIGTERM: it takes nothing more, and ends when what runs has",
    "ended, or gives it back when --grace is over; twice: it gives back at once.",
    "It runs programs that others send, with its own rights: give it a user of its own. See docs/fleet.md.",
  ].join("\n"),
  options: {
    name: { kind: "text", value: "NAME", help: "what it is called (default: the name of this host)" },
    label: {
      kind: "text",
      value: "LABELS",
      help: "labels that tests are sent by (suites --on), with commas",
    },
    jobs: { kind: "count", value: "N", help: "tests at a time (default: one per core)" },
    grace: {
      kind: "count",
      value: "SECONDS",
      help: `how long tests may go on after SIGTERM (default ${GRACE_SECONDS})`,
    },
    once: {
      kind: "flag",
      help: "end when nothing waits that this host can do, as jobs of Kubernetes and Nomad do",
    },
  },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options }) {
    const { Agent, examineHost } = await import("../fleet/mod.ts");
    const { historyPlace } = await import("../history/mod.ts");
    const { say } = await import("../output/mod.ts");
    const name = options.name ?? hostname();
    const labels = wordsOf(options.label);
    for (const word of [name, ...labels]) {
      if (!WORD.test(word)) {
        throw new UsageError(
          `'${word}' is no name for an agent or a label: it has letters, digits and . : _ - only`,
        );
      }
    }
    const place = historyPlace();
    // Programs under test inherit the environment, and their traces have it: the store's password is not for them.
    delete process.env.TICKPROOF_STORE;
    const { stop, stopNow } = endings((options.grace ?? GRACE_SECONDS) * 1000);
    await new Agent({
      name,
      labels,
      slots: options.jobs ?? availableParallelism(),
      facts: examineHost(),
      once: options.once,
      stop,
      stopNow,
      say: (words) => say(`tickproof: ${words}\n`),
    }).run(place);
    return OK;
  },
});

/** Words of a list with commas. */
function wordsOf(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(",").map((word) => word.trim());
}

/** The first signal ends it in an orderly way, the second one, or the end of the grace, at once. */
function endings(graceMs: number): { stop: AbortSignal; stopNow: AbortSignal } {
  const [stop, stopNow] = [new AbortController(), new AbortController()];
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) stopNow.abort();
      else setTimeout(() => stopNow.abort(), graceMs).unref();
      stop.abort();
    });
  }
  return { stop: stop.signal, stopNow: stopNow.signal };
}
