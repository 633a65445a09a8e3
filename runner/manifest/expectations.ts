/** What a test's runs must be like: `expect` of a manifest. */
import { z } from "zod";
import { SIGNAL_NAMES } from "../text/mod.ts";
import { regexText } from "./regex.ts";
import { listOf, shorthand } from "./shorthand.ts";

const count = z.int().nonnegative();
const bounds = {
  min: count.optional().describe("no fewer than this"),
  max: count.optional().describe("no more than this"),
};
const inOrder = ({
  min = 0,
  max = Number.POSITIVE_INFINITY,
}: {
  min?: number | undefined;
  max?: number | undefined;
}) => min <= max;
const OUT_OF_ORDER = "'min' is above 'max'";

/** An exact number, or an object. */
function exactOr<Full extends z.core.$ZodType>(full: Full) {
  return shorthand(count.describe("exactly so many"), full, (given) =>
    typeof given === "number" ? { min: given, max: given } : given,
  );
}

const range = z
  .strictObject(bounds)
  .refine(inOrder, OUT_OF_ORDER)
  .describe("bounds of a count, both inclusive");

const ticks = z
  .strictObject({
    ...bounds,
    baseline: z
      .string()
      .regex(/^\d{1,4}(\.\d+)?\s?%$/, "a bound of the baseline is a percentage: 5%")
      .optional()
      .describe("how far from the median of earlier runs on this host: 5%"),
  })
  .refine(inOrder, OUT_OF_ORDER)
  .describe("bounds of the ticks, all inclusive");

const text = z
  .strictObject({
    equals: z.string().optional().describe("the whole output"),
    contains: listOf(z.string()).optional().describe("texts in it"),
    matches: listOf(regexText).optional().describe("regular expressions that match in it"),
    snapshot: z
      .boolean()
      .optional()
      .describe("it is as in a file in __snapshots__ beside the manifest, which the first run writes"),
    native: z.boolean().optional().describe("the recorded program prints what it prints natively"),
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
  ticks: exactOr(ticks).optional().describe("retired conditional branches"),
  events: exactOr(range).optional().describe("events of the trace"),
  signals: exactOr(range).optional().describe("signals that reached the program"),
  switches: exactOr(range).optional().describe("preemptions of one thread for another"),
  overhead: z
    .strictObject({ max: z.number().positive().describe("no more than this") })
    .optional()
    .describe("how many times as long as the native run the recording takes"),
  counters: z
    .record(z.string(), exactOr(range))
    .optional()
    .describe("events of the native run, by names as `tickproof stat -e` takes them"),
});

/** What a test's runs must be like. */
export type Expectations = z.infer<typeof expectationsSchema>;
/** Bounds of a count. */
export type Range = z.infer<typeof range>;
/** Bounds of the ticks. */
export type TickBounds = z.infer<typeof ticks>;
/** What an output must be like. */
export type TextExpectation = z.infer<typeof text>;
