/** What `tickproof.yaml` may say: the one definition that checking, types and `tickproof config` follow from. */

import { z } from "zod";
import { storeProblem } from "../history/place.ts";
import { hookKeys } from "../manifest/hooks.ts";
import { ENGINE_CHOICES } from "../results/mod.ts";
import { KEEP } from "../run/workspace.ts";

const count = z.int().positive().max(1_000_000);
const percent = z.number().nonnegative();

const keys = {
  include: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("manifests, scripts, folders and globs that suites runs when none is named"),
  jobs: count.optional().describe("tests at a time"),
  timeout: count.optional().describe("seconds for each phase of each test, instead of what manifests say"),
  retry: z.int().nonnegative().max(100).optional().describe("attempts after a failed one"),
  catch: count.optional().describe("recordings of a program that failed natively until one fails, at most"),
  skipExit: z
    .array(z.int().min(1).max(255))
    .optional()
    .describe("exit codes by which programs skip themselves, where their tests do not say"),
  ...hookKeys,
  slow: z.number().positive().optional().describe("seconds from which on a phase of a test is slow"),
  leaks: z
    .enum(["show", "fail"])
    .optional()
    .describe("what becomes of tests that leave processes running: it is shown, or they fail"),
  knownFailures: z.string().min(1).optional().describe("file of tests that are known to fail"),
  engine: z.enum(ENGINE_CHOICES).optional().describe("the engine, instead of what manifests say"),
  keep: z.enum(KEEP).optional().describe("traces to keep"),
  keepMegabytes: count.optional().describe("room for kept traces: the oldest runs' are removed beyond it"),
  reporter: z.string().min(1).optional().describe("reporters, as --reporter takes them"),
  traces: z.string().min(1).optional().describe("folder of traces, relative to this file"),
  history: z.string().min(1).optional().describe("file of the history, relative to this file"),
  store: z
    .string()
    .superRefine((url, context) => {
      const message = storeProblem(url);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .optional()
    .describe("a PostgreSQL that has the history instead: postgres://USER@HOST:PORT/DATABASE"),
  historyRuns: count.optional().describe("runs that the history keeps"),
  baseline: z
    .strictObject({
      ticks: percent.optional().describe("per cent by which ticks may differ from the baseline"),
      overhead: percent.optional().describe("per cent by which the overhead of record may grow"),
    })
    .optional()
    .describe("bounds of --baseline"),
};

const layer = z.strictObject(keys);

export const settingsSchema = z.strictObject({
  ...keys,
  profiles: z
    .record(z.string().regex(/^[\w.-]+$/, "a profile's name has letters, digits and . _ - only"), layer)
    .optional()
    .describe(
      "settings by occasion: ci where the variable CI is set, else local; or the one that --profile names",
    ),
  hosts: z
    .record(z.string().min(1), layer)
    .optional()
    .describe("settings by host name, or by a glob of host names"),
});

/** Settings as they hold: the file's with those of the profile and the host over them. */
export type Settings = z.infer<typeof layer>;
/** A checked file. */
export type SettingsFile = z.infer<typeof settingsSchema>;
