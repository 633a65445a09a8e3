/** Programs that prepare what a test needs and clear it away: `setup` and `teardown`, in manifests and in settings. */
import { z } from "zod";
import { listOf, shorthand } from "./shorthand.ts";

const program = z.strictObject({
  command: z.string().min(1).describe("a program of the host, or a path relative to the file that names it"),
  args: z.array(z.string()).default([]).describe("its arguments"),
  environment: z.record(z.string(), z.string()).default({}).describe("variables added to those of the tests"),
  timeout: z.number().positive().optional().describe("seconds, instead of those of the tests"),
});

/** A program, or a line for the shell. */
const hook = shorthand(z.string().min(1), program, (given) =>
  typeof given === "string" && given !== "" ? { command: "sh", args: ["-c", given] } : given,
);

const hooks = listOf(hook);

/** The two keys, wherever they stand. */
export const hookKeys = {
  setup: hooks
    .optional()
    .describe("programs that run before: a line for the shell, or 'command' with 'args'; or a list of these"),
  teardown: hooks.optional().describe("programs that run after it, whatever has become of it"),
};

/** A program that prepares or clears away. */
export type HookProgram = z.infer<typeof program>;
