/** Signals that are sent to the program while it runs: `signals`. */
import { z } from "zod";
import { SIGNAL_NAMES } from "../text/mod.ts";
import { regexText } from "./regex.ts";

const when = z
  .strictObject({
    ms: z.number().nonnegative().optional().describe("milliseconds after the program's start"),
    output: regexText.optional().describe("as soon as its standard output has something that this matches"),
    ticks: z
      .int()
      .nonnegative()
      .optional()
      .describe("at this tick of its first task, exactly; there is no native run then"),
  })
  .refine((at) => Object.values(at).filter((value) => value !== undefined).length === 1, {
    error: "a time is one of 'ms', 'output' and 'ticks'",
  });

export const sendsSchema = z
  .array(
    z.strictObject({
      send: z.enum(SIGNAL_NAMES, { error: "no such signal" }).describe("the signal"),
      at: when.describe("when it is sent"),
    }),
  )
  .describe("signals to send to the program");

/** Signals and their times. */
export type Sends = z.infer<typeof sendsSchema>;
