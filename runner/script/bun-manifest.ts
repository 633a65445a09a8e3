/** The tests of a manifest as tests of Bun's: what is skipped here, and why, shows in their names. */

import { afterAll, describe, test } from "bun:test";
import { Scratch } from "../files/mod.ts";
import type { LoadedManifest } from "../manifest/mod.ts";
import { reasonsOf } from "../reporters/details.ts";
import { replayCommand } from "../reporters/replay-command.ts";
import {
  isHarmless,
  manifestTests,
  prepare,
  runOnce,
  ScriptSessions,
  SharedFixtures,
  surroundings,
  type TestCase,
} from "../run/mod.ts";
import { TICKPROOF } from "../start/mod.ts";

/** A test has a native run, a recording and a replay, and some time to end them. */
const PHASES = 3;
const SPARE_MS = 10_000;

/** Adds the tests of a manifest to the test file that is being loaded. */
export function registerManifest(manifest: LoadedManifest): void {
  const tests = manifestTests(manifest);
  const around = surroundings(tests, { choice: undefined, force: false, tickproof: TICKPROOF });
  describe(manifest.suite, () => {
    const folder = new Scratch("fixtures");
    const fixtures = new SharedFixtures(folder.path, new Map(), new AbortController().signal);
    afterAll(async () => {
      using _ = folder;
      await fixtures.close();
      if (fixtures.failures.length > 0) throw new Error(fixtures.failures.join("\n"));
    });
    for (const entry of tests) {
      const { plan } = prepare(entry, around);
      if (plan.kind === "skip") {
        test.skip(`${entry.name} (skipped: ${plan.note.text})`, () => {});
        continue;
      }
      const timeout = PHASES * entry.timeoutSeconds * 1000 + SPARE_MS;
      const { retry, repeat } = entry;
      // Bun takes one of both; to fail for good weighs more than to be tried often.
      const again = retry !== undefined ? { retry } : repeat !== undefined ? { repeats: repeat - 1 } : {};
      const options = { timeout, ...again };
      const run = async () => {
        const shared = await fixtures.enter(entry.shared === undefined ? [] : [entry.shared]);
        if (shared === "aborted" || "broken" in shared)
          throw new Error(shared === "aborted" ? "the run was ended" : `broken: ${shared.broken}`);
        const environment = { ...shared.environment, ...entry.environment };
        // What it shares stands already.
        await runAsBun({ ...entry, environment, shared: undefined }, around);
      };
      test(entry.name, run, options);
    }
  });
}

async function runAsBun(entry: TestCase, around: Parameters<typeof runOnce>[1]["around"]): Promise<void> {
  using scratch = new Scratch("bun");
  const { verdict, trace } = await runOnce(entry, {
    around,
    scripts: new ScriptSessions(scratch.path),
    keep: "failed",
    abort: new AbortController().signal,
  });
  const reasons = reasonsOf(verdict);
  if (!isHarmless(verdict)) {
    const replay =
      trace === undefined ? [] : [`trace: ${trace}`, `replay: ${replayCommand(entry, { trace })}`];
    throw new Error([`${verdict.kind}: ${reasons.join("\n")}`, ...replay].join("\n"));
  }
  if (reasons.length > 0) console.log(`(${verdict.kind}) ${entry.id}: ${reasons.join("; ")}`);
}
