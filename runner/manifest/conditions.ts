/**
 * What a manifest may say of hosts and engines that a test is not for, or not quite: `requires`, `unsupported`,
 * `flag` and `xfail`, each a capability's name, an object with reason and URL, or a list of these.
 */
import { z } from "zod";
import { didYouMean } from "../../ffi/mod.ts";
import { CAPABILITY_NAMES, ENGINE_NAMES } from "../host/mod.ts";
import type { Path } from "../yaml/mod.ts";

/** A list whose only entry may stand without brackets; no list where nothing is given. */
function listOf<T extends z.core.$ZodType>(entry: T) {
  return z.preprocess((given) => {
    if (given === undefined) return [];
    return Array.isArray(given) ? given : [given];
  }, z.array(entry));
}

/** One condition: it holds where the host has all of `when`, and the engine is one of `engine`. */
const condition = z.preprocess(
  (given) => (typeof given === "string" ? { when: given } : given),
  z.strictObject({
    when: listOf(z.string()).describe("capabilities that the host has, all of them"),
    engine: listOf(z.enum(ENGINE_NAMES)).describe("engines that it is about; all if none is named"),
    reason: z.string().min(1).optional().describe("why, for those who read the report"),
    url: z.url().optional().describe("where more is told of it"),
  }),
);

/** The keys of a test that are conditions. */
export const CONDITION_KEYS = ["requires", "unsupported", "flag", "xfail"] as const;

export const conditionKeys = {
  requires: listOf(condition).describe("capabilities without which the test is skipped"),
  unsupported: listOf(condition).describe("where the test is skipped"),
  flag: listOf(condition).describe("where the test is run, and its result is marked"),
  xfail: listOf(condition).describe("where the test is run and must fail: to pass is then a failure"),
};

/** A condition of a test. */
export type Condition = z.infer<typeof condition>;
/** All conditions of a test. */
export type Conditions = Record<(typeof CONDITION_KEYS)[number], Condition[]>;

/**
 * Finds what the schema can't see: names that are no capability, conditions that say nothing.
 *
 * @param conditions Of one test.
 * @returns A message for each, with its place below the test.
 */
export function checkConditions(conditions: Conditions): { path: Path; message: string }[] {
  return CONDITION_KEYS.flatMap((key) =>
    conditions[key].flatMap(({ when, reason }, index) => {
      const unknown = when.flatMap((name, at) => {
        if (CAPABILITY_NAMES.includes(name)) return [];
        const hint = didYouMean(name, CAPABILITY_NAMES) || "; 'tickproof doctor' lists them";
        return [{ path: [key, index, "when", at], message: `unknown capability '${name}'${hint}` }];
      });
      const empty = when.length === 0 && (key === "requires" || reason === undefined);
      const needed = key === "requires" ? "'when' (capabilities)" : "'when' (capabilities) or a 'reason'";
      return empty ? [{ path: [key, index], message: `'${key}' needs ${needed}` }] : unknown;
    }),
  );
}
