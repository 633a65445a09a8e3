/**
 * What members of a fleet say to each other through the database. Everything that is read from there was written by somebody
 * else, and is checked.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { UsageError } from "../errors/mod.ts";
import { conditionsSchema } from "../manifest/conditions.ts";
import type { Attempt } from "../results/mod.ts";
import { ENGINE_CHOICES } from "../results/mod.ts";
import { KEEP } from "../run/workspace.ts";

/**
 * Members with another one have nothing to do with each other. Raised whenever one of these forms, or a table of
 * pg-boss, changes its meaning.
 */
export const PROTOCOL = 1;

const finding = z.object({ state: z.enum(["yes", "no", "unknown"]), evidence: z.string() });

/** What an agent says of its host. */
export const agentFacts = z.object({
  kernel: z.string(),
  cpu: z.string(),
  bun: z.string(),
  engines: z.object({
    embedded: z.string().describe("with its version, for reports"),
    rr: z.union([
      z.object({ label: z.string(), fit: z.boolean() }),
      z.object({ refusal: z.string(), missing: z.array(z.string()) }),
    ]),
  }),
  capabilities: z.record(z.string(), finding),
  broken: z.record(z.string(), z.string()).describe("probes that went wrong, with what they said"),
});
export type AgentFacts = z.infer<typeof agentFacts>;

/** What a host must have for a job, and what the job takes of it while it runs. */
export const needs = z.strictObject({
  agent: z.string().nullable().describe("the only one that may do it"),
  labels: z.array(z.string()),
  engine: z.enum(ENGINE_CHOICES),
  onlyEmbedded: z.boolean(),
  force: z.boolean(),
  requires: conditionsSchema.shape.requires,
  unsupported: conditionsSchema.shape.unsupported,
  alone: z.boolean(),
  weight: z.number().positive(),
  exclusive: z.array(z.string()),
});
export type Needs = z.infer<typeof needs>;

const known = z.object({ reason: z.string(), place: z.string(), strict: z.boolean() });

/** How one attempt at one test is made. */
export const jobSpec = z.strictObject({
  /** Paths from the bundle's root: the folder that tickproof was used in, and the test's manifest or script. */
  folder: z.string(),
  file: z.string(),
  test: z.string(),
  number: z.int().positive(),
  retry: z.int().nonnegative().max(100),
  timeoutSeconds: z.number().positive(),
  slowSeconds: z.number().positive().optional(),
  failsOnLeaks: z.boolean().optional(),
  skipExit: z.array(z.int()).optional(),
  known: known.optional(),
  engine: z.enum(ENGINE_CHOICES).optional(),
  force: z.boolean(),
  catchTries: z.int().positive(),
  keep: z.enum(KEEP),
});
export type JobSpec = z.infer<typeof jobSpec>;

const verdict = z.looseObject({
  kind: z.enum(["pass", "fail", "skip", "xfail", "xpass", "timeout", "unsupported", "broken"]),
});

/** What a job has come to. Of attempts, what a verdict needs is checked; the rest is shown, if it is there. */
export const jobResult = z.object({
  engine: z.enum(["embedded", "rr"]),
  engineLabel: z.string(),
  attempts: z
    .array(z.looseObject({ number: z.int(), engine: z.string(), verdict, milliseconds: z.looseObject({}) }))
    .min(1),
  /** What is wrong with its script or its fixtures as a whole, a sentence each. */
  problems: z.array(z.string()),
});

/** The same, as those who have checked it take it. */
export interface JobResult {
  engine: "embedded" | "rr";
  engineLabel: string;
  attempts: Attempt[];
  problems: string[];
}

/** What those who follow a run are shown meanwhile. */
export const progress = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("phase"), phase: z.enum(["native", "record", "replay", "script"]) }),
  z.object({
    kind: z.literal("step"),
    path: z.array(z.string()),
    result: z.looseObject({ name: z.string() }),
  }),
]);
export type Progress = z.infer<typeof progress>;

/** Results larger than this are no results of tests. */
const MOST_RESULT_BYTES = 64 * 1024 * 1024;

/** A result as the database keeps it. */
export function encodeResult(result: JobResult): Buffer {
  return gzipSync(JSON.stringify(result));
}

/** @throws {UsageError} For what is no result. */
export function decodeResult(bytes: Buffer): JobResult {
  let text: string;
  try {
    text = gunzipSync(bytes, { maxOutputLength: MOST_RESULT_BYTES }).toString();
  } catch (error) {
    throw new UsageError(
      `the result can't be unpacked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return parsed(jobResult, text, "the result") as JobResult;
}

/** Reads JSON that somebody else has written. @throws {UsageError} That begins with `what`. */
export function parsed<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${what} is no JSON: it was not written by tickproof`);
  }
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new UsageError(`${what} is not what tickproof writes: ${z.prettifyError(error)}`);
  return data;
}
