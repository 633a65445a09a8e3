/**
 * Measures an operation in JS beside its loop in C, in two ways. Batches tell what a call costs: the clock is read
 * once for many calls. Single calls, with a time stamp after each, tell how the costs are distributed; the median
 * cost of the stamp itself is taken off. The two sides take turns every few hundred microseconds (A B, B A, …), so
 * that what the machine does meanwhile happens to both.
 */
import { Bench, type Task } from "tinybench";
import { stamps } from "../../ffi/mod.ts";
import type { CLoop } from "./c-side.ts";
import type { Operation } from "./operations.ts";
import { type Loops, specialize } from "./specialize.ts";
import {
  ascending,
  type Histogram,
  histogram,
  type Interval,
  logEdges,
  medianInterval,
  quantile,
} from "./statistics.ts";
import { intervals, startTickRate } from "./ticks.ts";

/** How long calls take, in nanoseconds. */
export interface Distribution {
  /** Single calls; of calls shorter than what the stamp can tell, the means of batches. */
  readonly of: "calls" | "batches";
  readonly size: number;
  readonly median: number;
  readonly p99: number;
  readonly histogram: Histogram;
}

/** One side of an operation. */
export interface Side {
  /** Nanoseconds of a call: the median of the batches. */
  readonly cost: number;
  readonly batches: number;
  readonly distribution: Distribution;
}

/** What measuring an operation gave. */
export interface Figures {
  /** Calls in a batch. */
  readonly calls: number;
  readonly js: Side;
  readonly c?: Side;
  /** Cost in JS ÷ cost in C, over the pairs of neighbouring samples. */
  readonly ratio?: Interval;
}

const SAMPLES_PER_TURN = 5;
const SINGLES_PER_TURN = 200;
const SAMPLE_NANOSECONDS = 100_000;
const WARM_UP_NANOSECONDS = 50_000_000;
const MOST_CALLS = 20_000;
/** Nanoseconds: the time-stamp counter goes in steps of 10 ns on some processors. */
const SHORTEST_SINGLE = 100;
/** Single calls have bins of 6 %, which is more than a step of the counter. */
const BINS_PER_DECADE = { calls: 40, batches: 100 };
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** One side while it is measured. */
interface Measured {
  readonly loops: Loops;
  readonly task: Task;
  /** Median of each turn, and all samples; nanoseconds of a call. */
  readonly turns: number[];
  readonly samples: number[];
  /** Ticks of single calls. */
  readonly singles: number[];
  /** Ticks of a stamp. */
  readonly stamp: number;
}

/** The loops of C with the arguments of an operation. */
function bind({ run, each }: CLoop, [a, b, c]: Operation["c"]["args"]): Loops {
  return {
    run: (calls) => run(calls, a, b, c),
    each: (calls) => each(calls, a, b, c, stamps.address),
  };
}

/** Runs loops until the JIT has nothing more to do; gives the calls of a sample. */
function warmUp({ run, each }: Loops, before: () => void, most: number): number {
  const end = Bun.nanoseconds() + WARM_UP_NANOSECONDS;
  let calls = Math.min(16, most);
  for (let now = Bun.nanoseconds(); now < end; ) {
    before();
    const start = Bun.nanoseconds();
    run(calls);
    now = Bun.nanoseconds();
    if (now - start < SAMPLE_NANOSECONDS / 2) calls = Math.min(calls * 2, most);
    before();
    each(Math.min(SINGLES_PER_TURN, most));
  }
  return calls;
}

/** Median ticks of a stamp with nothing between it and the one before. */
function stampCost({ each }: Loops): number {
  each(SINGLES_PER_TURN);
  return quantile(ascending(intervals(stamps.values, SINGLES_PER_TURN)), 0.5);
}

/** Measures both sides of an operation; one only where there is no C. */
export function measure(
  operation: Operation,
  cLoops: { readonly loop: CLoop; readonly stampOnly: CLoop } | undefined,
  rounds: number,
): Figures {
  const tickRate = startTickRate();
  const { before = () => {}, most = MOST_CALLS } = operation;
  const singles = Math.min(SINGLES_PER_TURN, most);
  const sides = [
    { loops: specialize(operation.js), stampOnly: specialize(() => {}) },
    ...(cLoops
      ? [{ loops: bind(cLoops.loop, operation.c.args), stampOnly: bind(cLoops.stampOnly, [0, 0, 0]) }]
      : []),
  ];
  const calls = Math.min(
    ...sides.map(({ loops, stampOnly }) => {
      warmUp(stampOnly, () => {}, MOST_CALLS);
      return warmUp(loops, before, most);
    }),
  );

  const bench = new Bench({
    iterations: SAMPLES_PER_TURN,
    time: 0,
    warmup: false,
    retainSamples: true,
    throws: true,
    timestampProvider: "bunNanoseconds",
  });
  const measured = sides.map(({ loops, stampOnly }, index): Measured => {
    bench.add(String(index), () => loops.run(calls), { async: false, beforeEach: before });
    const task = bench.getTask(String(index));
    if (task === undefined) throw new Error("tinybench has lost a task");
    return { loops, task, turns: [], samples: [], singles: [], stamp: stampCost(stampOnly) };
  });
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? measured : measured.toReversed();
    for (const side of order) takeSamples(side, calls);
    for (const { loops, singles: ticks } of order) {
      before();
      loops.each(singles);
      for (const interval of intervals(stamps.values, singles)) ticks.push(interval);
    }
  }
  return figures(measured, calls, tickRate());
}

function takeSamples({ task, turns, samples }: Measured, calls: number): void {
  task.reset(false);
  const { result } = task.runSync();
  if (result.state !== "completed") throw new Error(`a sample was not taken: tinybench says ${result.state}`);
  turns.push((result.latency.p50 * NANOSECONDS_PER_MILLISECOND) / calls);
  for (const sample of result.latency.samples ?? []) {
    samples.push((sample * NANOSECONDS_PER_MILLISECOND) / calls);
  }
}

function figures(measured: readonly Measured[], calls: number, tick: number): Figures {
  const batches = measured.map(({ samples }) => ascending(samples));
  const costs = batches.map((sorted) => quantile(sorted, 0.5));
  const singles = measured.map(({ singles: ticks, stamp }) =>
    ascending(ticks.map((interval) => Math.max(0, interval - stamp) * tick)),
  );
  const of = Math.min(...costs) < SHORTEST_SINGLE ? "batches" : "calls";
  const values = of === "calls" ? singles : batches;
  const edges = edgesFor(values, of === "calls" ? BINS_PER_DECADE.calls : BINS_PER_DECADE.batches);
  const [js, c] = values.map(
    (sorted, index): Side => ({
      cost: costs[index],
      batches: batches[index].length,
      distribution: {
        of,
        size: sorted.length,
        median: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
        histogram: histogram(sorted, edges),
      },
    }),
  );
  if (c === undefined) return { calls, js };
  const [{ turns: ours }, { turns: theirs }] = measured;
  return { calls, js, c, ratio: medianInterval(ours.map((turn, index) => turn / theirs[index])) };
}

/** Bins for both sides, from the smallest value to the 99.5th percentile: the rest is counted above. */
function edgesFor(sides: readonly Float64Array[], perDecade: number): number[] {
  const smallest = Math.min(...sides.map((side) => quantile(side, 0)));
  const largest = Math.max(...sides.map((side) => quantile(side, 0.995)));
  return logEdges(Math.max(0.1, smallest), Math.max(0.1, largest), perDecade);
}
