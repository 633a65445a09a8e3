/** What a manifest may say: the one definition that checking and types follow from. */
import { z } from "zod";
import { ENGINE_CHOICES } from "../engines/types.ts";
import { SIGNAL_NAMES } from "../signals.ts";
import { conditionKeys } from "./conditions.ts";

const count = z.int().nonnegative();

const range = z
  .strictObject({ min: count.optional(), max: count.optional() })
  .describe("bounds of a count, both inclusive");

const text = z
  .strictObject({
    equals: z.string().optional(),
    contains: z.union([z.string(), z.array(z.string())]).optional(),
  })
  .describe("what an output must be, or have in it");

export const expectationsSchema = z.strictObject({
  exit: z.int().min(0).max(255).optional().describe("the exit code; 0 if neither this nor signal is given"),
  signal: z
    .enum(SIGNAL_NAMES, { error: "no such signal" })
    .optional()
    .describe("the signal that ends the program"),
  stdout: text.optional(),
  stderr: text.optional(),
  ticks: range.optional().describe("retired conditional branches"),
  events: range.optional(),
  signals: range.optional().describe("signals that reached the program"),
  switches: range.optional().describe("preemptions of one thread for another"),
});

const tags = z
  .array(z.string().regex(/^[\w.-]+$/, "a tag has letters, digits and . _ - only"))
  .default([])
  .describe("words to choose tests by: --filter tag:WORD");

const engine = z.enum(ENGINE_CHOICES).describe("the engine, where the command line names none");

export const testSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, "a name has letters, digits and . _ - only"),
  program: z.string().optional().describe("a C source, relative to the manifest; compiled on first use"),
  command: z.string().optional().describe("a program of the host; the test is skipped where it is missing"),
  args: z.array(z.string()).default([]),
  stdin: z
    .string()
    .optional()
    .describe("what the program reads from its standard input; nothing if not given"),
  environment: z.record(z.string(), z.string()).default({}),
  timeout: z.number().positive().optional().describe("seconds, for each of native run, record and replay"),
  alone: z.boolean().default(false).describe("no other test may run at the same time"),
  weight: z.int().positive().default(1).describe("how many of the tests that run at a time it counts for"),
  exclusive: z
    .array(z.string().min(1))
    .default([])
    .describe("things (a port, a device) that no other test which names them may have at the same time"),
  retry: count.max(100).optional().describe("attempts after a failed one; a test that passes then is flaky"),
  tags: tags,
  skip: z.string().min(1).optional().describe("why the test is not to be run"),
  engine: engine.optional(),
  host: z
    .string()
    .optional()
    .describe("a described host that the program runs on: a name, or a file relative to the manifest"),
  ...conditionKeys,
  expect: expectationsSchema.default({}),
});

export const manifestSchema = z.strictObject({
  suite: z.string().regex(/^[\w.-]+$/, "a name has letters, digits and . _ - only"),
  description: z.string().optional(),
  timeout: z.number().positive().default(60).describe("seconds, for tests that name no timeout of their own"),
  engine: engine.default("embedded"),
  tags: tags,
  tests: z.array(testSchema).min(1),
});

/** A checked manifest. */
export type Manifest = z.infer<typeof manifestSchema>;
/** A test as its manifest gives it. */
export type TestEntry = z.infer<typeof testSchema>;
/** What a test's runs must be like. */
export type Expectations = z.infer<typeof expectationsSchema>;
/** Bounds of a count. */
export type Range = z.infer<typeof range>;
/** What an output must be like. */
export type TextExpectation = z.infer<typeof text>;
