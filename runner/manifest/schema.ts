/** What a manifest may say: the one definition that checking, types and the published JSON Schema follow from. */

import { z } from "zod";
import { ENGINE_CHOICES } from "../results/mod.ts";
import { buildSchema } from "./build.ts";
import { conditionKeys } from "./conditions.ts";
import { expectationsSchema } from "./expectations.ts";
import { filesSchema } from "./files.ts";
import { hookKeys } from "./hooks.ts";
import { matrixSchema } from "./matrix.ts";
import { sendsSchema } from "./sends.ts";

/** Letters that names and tags are made of. */
const plainName = (what: string) =>
  z.string().regex(/^[\w.-]+$/, `${what} has letters, digits and . _ - only`);

const tags = z.array(plainName("a tag")).describe("words to choose tests by: --filter tag:WORD");

const engine = z.enum(ENGINE_CHOICES).describe("the engine, where the command line names none");

/** Keys that `defaults` may have too: all but a test's name. */
const testKeys = {
  program: z.string().optional().describe("a source in C, C++ or assembly, relative to the manifest"),
  build: buildSchema.optional(),
  command: z
    .string()
    .optional()
    .describe(
      "a program of the host, or a path relative to the manifest; the test is skipped where it is missing",
    ),
  args: z.array(z.string()).optional().describe("arguments of the program"),
  matrix: matrixSchema.optional().describe("ways to run it: each combination is a test"),
  stdin: z
    .string()
    .optional()
    .describe("what the program reads from its standard input; nothing if not given"),
  files: filesSchema.optional(),
  environment: z.record(z.string(), z.string()).optional().describe("variables added to those of the runner"),
  signals: sendsSchema.optional(),
  timeout: z.number().positive().optional().describe("seconds, for each of native run, record and replay"),
  ...hookKeys,
  alone: z.boolean().optional().describe("no other test may run at the same time"),
  weight: z.int().positive().optional().describe("how many of the tests that run at a time it counts for"),
  exclusive: z
    .array(z.string().min(1))
    .optional()
    .describe("things (a port, a device) that no other test which names them may have at the same time"),
  repeat: z.int().positive().max(100_000).optional().describe("attempts, where --repeat is not given"),
  retry: z
    .int()
    .nonnegative()
    .max(100)
    .optional()
    .describe("attempts after a failed one; a test that passes then is flaky"),
  skipExit: z
    .array(z.int().min(1).max(255))
    .optional()
    .describe("exit codes by which the program skips itself; 77 if not given"),
  tags: tags.optional(),
  skip: z.string().min(1).optional().describe("why the test is not to be run"),
  engine: engine.optional(),
  host: z
    .string()
    .optional()
    .describe("a described host that the program runs on: a name, or a file relative to the manifest"),
  requires: conditionKeys.requires.optional(),
  unsupported: conditionKeys.unsupported.optional(),
  flag: conditionKeys.flag.optional(),
  xfail: conditionKeys.xfail.optional(),
  expect: expectationsSchema.optional().describe("what the runs must be like"),
};

export const testSchema = z.strictObject({ name: plainName("a name"), ...testKeys });

export const manifestSchema = z.strictObject({
  suite: plainName("a name").describe("name of the suite"),
  description: z.string().optional().describe("a line about it"),
  timeout: z.number().positive().default(60).describe("seconds, for tests that name no timeout of their own"),
  engine: engine.default("embedded"),
  tags: tags.default([]),
  probes: z
    .array(z.string().min(1))
    .optional()
    .describe("probes of your own, files relative to the manifest: tests may name what they find"),
  ...hookKeys,
  defaults: z.strictObject(testKeys).optional().describe("what holds for tests that do not say otherwise"),
  tests: z.array(testSchema).min(1),
});

/** A manifest as it was written, checked. */
export type GivenManifest = z.infer<typeof manifestSchema>;
/** A test as it was written. */
export type GivenTest = z.infer<typeof testSchema>;
