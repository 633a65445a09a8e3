/**
 * Baselines: what the ticks and the overhead of a test are compared with. They are set on demand and not learnt, so that
 * no run is judged by what it has changed itself.
 */
import { type Bounds, type Comparison, regressions, sideOf } from "./compare.ts";
import type { AttemptRow, Baseline } from "./rows.ts";
import { trendsOf } from "./trends.ts";

type Keyed = Pick<Baseline, "test" | "engine" | "describedHost">;

const keyOf = ({ test, engine, describedHost }: Keyed): string =>
  JSON.stringify([test, engine, describedHost]);

/**
 * The baselines that a run would set.
 *
 * @param attempts All of the run.
 * @param now When they are set.
 * @returns One for each test whose attempts all passed.
 */
export function baselinesOf(attempts: readonly AttemptRow[], now: Date): Baseline[] {
  const groups = [...Map.groupBy(attempts, keyOf).values()];
  return groups.flatMap((all) => {
    const [first] = all;
    const [trend] = trendsOf(all);
    if (first === undefined || trend === undefined || !all.every(({ verdict }) => verdict === "pass"))
      return [];
    const { ticks, overhead } = sideOf(trend);
    const { test, engine, describedHost, run } = first;
    return [
      {
        test,
        engine,
        describedHost,
        run,
        setAt: now.toISOString(),
        ticks: ticks ?? null,
        overhead: overhead ?? null,
      },
    ];
  });
}

/** A run beside the baselines. */
export interface Judgement {
  /** What has become worse beyond the bounds, by the test that it is of. */
  worse: readonly { test: string; sentence: string }[];
  /** Tests that passed and have no baseline. */
  without: readonly string[];
}

/** Compares a run's attempts with baselines of the same host. */
export function judgeByBaselines(
  attempts: readonly AttemptRow[],
  baselines: readonly Baseline[],
  bounds: Bounds,
): Judgement {
  const known = new Map(baselines.map((baseline) => [keyOf(baseline), baseline]));
  const passed = Map.groupBy(
    attempts.filter(({ verdict }) => verdict === "pass"),
    keyOf,
  );
  const without: string[] = [];
  const worse: { test: string; sentence: string }[] = [];
  for (const [key, all] of passed) {
    const [trend] = trendsOf(all);
    if (trend === undefined) continue;
    const { test } = trend;
    const baseline = known.get(key);
    if (baseline === undefined) {
      without.push(test);
      continue;
    }
    const { ticks, overhead } = baseline;
    const before = { attempts: 1, failed: 0, ticks: ticks ?? undefined, overhead: overhead ?? undefined };
    const comparison: Comparison = { test, before, after: sideOf(trend) };
    worse.push(...regressions([comparison], bounds).map((sentence) => ({ test, sentence })));
  }
  return { worse, without };
}

/** The ticks that a test is expected to have; undefined where no baseline is set. */
export function baselineTicks(baselines: readonly Baseline[], test: Keyed): number | undefined {
  return baselines.find((baseline) => keyOf(baseline) === keyOf(test))?.ticks ?? undefined;
}
