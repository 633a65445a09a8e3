/**
 * What a manifest may say of hosts and engines that a test is not for, or not quite: `requires`, `unsupported`,
 * `flag` and `xfail`, each a capability's name, an object with reason and URL, or a list of these.
 */
import { z } from "zod";
import { didYouMean } from "../../ffi/mod.ts";
import { CAPABILITY_NAMES, capabilityNames, ENGINE_NAMES } from "../host/mod.ts";
import type { Path } from "../yaml/mod.ts";
import { listOf, shorthand } from "./shorthand.ts";

/** Editors know tickproof's own names; those of a user's own probes have the same form. */
const capability = z.string().meta({
  description: "a capability: one that 'tickproof doctor' lists, or the name of one of 'probes'",
  anyOf: [{ enum: [...CAPABILITY_NAMES] }, { pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$" }],
});

/** One condition: it holds where the host has all of `when`, and the engine is one of `engine`. */
const condition = shorthand(
  capability,
  z.strictObject({
    when: listOf(capability).default([]).describe("capabilities that the host has, all of them"),
    engine: listOf(z.enum(ENGINE_NAMES))
      .default([])
      .describe("engines that it is about; all if none is named"),
    reason: z.string().min(1).optional().describe("why, for those who read the report"),
    url: z.url().optional().describe("where more is told of it"),
  }),
  (given) => (typeof given === "string" ? { when: given } : given),
);

/** The keys of a test that are conditions. */
export const CONDITION_KEYS = ["requires", "unsupported", "flag", "xfail"] as const;

export const conditionKeys = {
  requires: listOf(condition).describe("capabilities without which the test is skipped"),
  unsupported: listOf(condition).describe("where the test is skipped"),
  flag: listOf(condition).describe("where the test is run, and its result is marked"),
  xfail: listOf(condition).describe("where the test is run and must fail: to pass is then a failure"),
};

/** The conditions of a test that stands by itself: none where nothing is given. */
export const conditionsSchema = z.object({
  requires: conditionKeys.requires.default([]),
  unsupported: conditionKeys.unsupported.default([]),
  flag: conditionKeys.flag.default([]),
  xfail: conditionKeys.xfail.default([]),
});

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
        const names = capabilityNames();
        if (names.includes(name)) return [];
        const hint = didYouMean(name, names) || "; 'tickproof doctor' lists them";
        return [{ path: [key, index, "when", at], message: `unknown capability '${name}'${hint}` }];
      });
      const empty = when.length === 0 && (key === "requires" || reason === undefined);
      const needed = key === "requires" ? "'when' (capabilities)" : "'when' (capabilities) or a 'reason'";
      return empty ? [{ path: [key, index], message: `'${key}' needs ${needed}` }] : unknown;
    }),
  );
}
