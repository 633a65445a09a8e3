/** One entry of a manifest, run in several ways: with each engine, on each host, with each list of arguments. */

import { basename, extname } from "node:path";
import { z } from "zod";
import { ENGINE_CHOICES } from "../results/mod.ts";
import type { Path } from "../yaml/mod.ts";
import { listOf } from "./shorthand.ts";

/** Tests that one entry may become, and all of a manifest together: who needs more has made a mistake. */
const MOST_OF_ENTRY = 1000;
export const MOST_OF_MANIFEST = 5000;
/** Characters of a value that a name shows. */
const SHOWN = 40;

const engine = z.enum(ENGINE_CHOICES);
const host = z.string().nullable().describe("a described host; null for this machine");
const args = listOf(z.string()).describe("arguments behind the test's own");

const point = z.strictObject({
  engine: engine.optional(),
  host: host.optional(),
  args: args.optional(),
  environment: z.record(z.string(), z.string()).optional(),
});

export const matrixSchema = z.strictObject({
  engine: z.array(engine).min(1).optional().describe("engines"),
  host: z.array(host).min(1).optional().describe("described hosts; null for this machine"),
  args: z.array(args).min(1).optional().describe("lists of arguments, each behind the test's own"),
  environment: z
    .record(z.string(), z.array(z.string()).min(1))
    .optional()
    .describe("variables, each with the values that it takes"),
  exclude: z
    .array(point)
    .max(MOST_OF_ENTRY)
    .optional()
    .describe("combinations that are left out: all that have these values"),
  include: z.array(point).max(MOST_OF_ENTRY).optional().describe("further combinations"),
});

/** A matrix as a manifest gives it. */
export type Matrix = z.infer<typeof matrixSchema>;
/** One combination. */
export type Point = z.infer<typeof point>;

/** What a matrix comes to, or what is wrong with it, with the place below it. */
export type Expansion = { points: Map<string, Point> } | { path: Path; message: string };

/** Each point of a list with each value of an axis. */
function times(points: readonly Point[], values: readonly Point[] | undefined): Point[] {
  if (values === undefined) return [...points];
  return points.flatMap((one) =>
    values.map((value) => ({
      ...one,
      ...value,
      ...(value.environment && { environment: { ...one.environment, ...value.environment } }),
    })),
  );
}

function isPartOf(pattern: Point, whole: Point): boolean {
  const variables = Object.entries(pattern.environment ?? {});
  return (
    (pattern.engine === undefined || pattern.engine === whole.engine) &&
    (pattern.host === undefined || pattern.host === whole.host) &&
    (pattern.args === undefined || Bun.deepEquals(pattern.args, whole.args)) &&
    variables.every(([name, value]) => whole.environment?.[name] === value)
  );
}

function shown(value: string): string {
  return value.replaceAll(/[^\w.+:=-]+/g, "_").slice(0, SHOWN) || "none";
}

/** "engine=rr,args=2": what tells a combination from the others. */
function labelOf({ engine, host, args, environment = {} }: Point): string {
  const parts = [
    ...(engine === undefined ? [] : [`engine=${engine}`]),
    ...(host === undefined ? [] : [`host=${host === null ? "this" : shown(basename(host, extname(host)))}`]),
    ...(args === undefined ? [] : [`args=${shown(args.join(" "))}`]),
    ...Object.entries(environment).map(([name, value]) => `${shown(name)}=${shown(value)}`),
  ];
  return parts.join(",");
}

/**
 * Makes all combinations.
 *
 * @returns The combinations by their labels, which differ; or what is wrong.
 */
export function expandMatrix({
  engine,
  host,
  args,
  environment = {},
  exclude = [],
  include = [],
}: Matrix): Expansion {
  const variables = Object.entries(environment);
  const axes: readonly (readonly Point[] | undefined)[] = [
    engine?.map((engine) => ({ engine })),
    host?.map((host) => ({ host })),
    args?.map((args) => ({ args })),
    ...variables.map(([name, values]) => values.map((value) => ({ environment: { [name]: value } }))),
  ];
  const given = axes.filter((axis) => axis !== undefined);
  const size = given.reduce((product, { length }) => product * length, 1) + include.length;
  if (size > MOST_OF_ENTRY) {
    return {
      path: [],
      message: `the matrix makes ${size} tests of one: at most ${MOST_OF_ENTRY} are allowed`,
    };
  }
  const all = given.length === 0 ? [] : given.reduce<Point[]>(times, [{}]);
  const vain = exclude.findIndex((pattern) => !all.some((one) => isPartOf(pattern, one)));
  if (vain >= 0) return { path: ["exclude", vain], message: "no combination of the matrix has these values" };
  const kept = all.filter((one) => !exclude.some((pattern) => isPartOf(pattern, one)));
  const points = new Map<string, Point>();
  for (const one of [...kept, ...include]) {
    const label = labelOf(one);
    const known = points.get(label);
    if (known !== undefined && Bun.deepEquals(known, one)) {
      return { path: [], message: `the matrix has '${label || "{}"}' twice` };
    }
    points.set(known === undefined ? label : `${label}#${points.size}`, one);
  }
  if (points.size === 0)
    return { path: [], message: "the matrix makes no test: give it an axis, such as 'args'" };
  return { points };
}
