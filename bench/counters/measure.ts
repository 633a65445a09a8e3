/**
 * Measures an operation in JS beside its loop in C. A sample is a batch of calls, since the clock costs more than a
 * short call does. The two sides take turns every half millisecond (A B, B A, …), so that what the machine does
 * meanwhile happens to both.
 *
 * Single calls with a time stamp behind each were tried: on some processors the stamp moves what is measured (a
 * loop of reads in C from 420 to 590 ns a call), and not on both sides alike.
 */
import { Bench, type Task } from "tinybench";
import type { CLoop } from "./c-side.ts";
import type { Operation } from "./operations.ts";
import { type Loop, specialize } from "./specialize.ts";
import {
  ascending,
  binEdges,
  type Histogram,
  histogram,
  type Interval,
  medianInterval,
  quantile,
} from "./statistics.ts";

/** One side of an operation: nanoseconds of a call, by batches. */
export interface Side {
  readonly median: number;
  readonly p99: number;
  readonly samples: number;
  readonly histogram: Histogram;
}

/** What measuring an operation gave. */
export interface Figures {
  /** Calls in a sample. */
  readonly calls: number;
  readonly js: Side;
  readonly c?: Side;
  /** Cost in JS ÷ cost in C, over the pairs of neighbouring turns. */
  readonly ratio?: Interval;
}

const SAMPLES_PER_TURN = 20;
/** A thousand times what it takes to read the clock. */
const SAMPLE_NANOSECONDS = 20_000;
/** For each side, whichever comes first; the JIT's last tier begins at some 100,000 turns of a loop. */
const WARM_UP = { calls: 500_000, nanoseconds: 500_000_000 };
const MOST_CALLS = 20_000;
const BINS = 80;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** One side while it is measured. */
interface Measured {
  readonly task: Task;
  /** Median of each turn, and all samples; nanoseconds of a call. */
  readonly turns: number[];
  readonly samples: number[];
}

/** Runs a loop until the JIT has nothing more to do; gives the calls of a sample. */
function warmUp(loop: Loop, before: () => void, most: number): number {
  const end = Bun.nanoseconds() + WARM_UP.nanoseconds;
  let calls = Math.min(16, most);
  for (let [ran, now] = [0, 0]; ran < WARM_UP.calls && now < end; ran += calls) {
    before();
    const start = Bun.nanoseconds();
    loop(calls);
    now = Bun.nanoseconds();
    if (now - start < SAMPLE_NANOSECONDS / 2) calls = Math.min(calls * 2, most);
  }
  return calls;
}

/** Measures both sides of an operation; one only where there is no C. */
export function measure(operation: Operation, c: CLoop | undefined, rounds: number): Figures {
  const { before = () => {}, most = MOST_CALLS } = operation;
  const loops = [specialize(operation.js), ...(c ? [(calls: number) => c(calls, ...operation.c.args)] : [])];
  const calls = Math.min(...loops.map((loop) => warmUp(loop, before, most)));
  const bench = new Bench({
    iterations: SAMPLES_PER_TURN,
    time: 0,
    warmup: false,
    retainSamples: true,
    throws: true,
    timestampProvider: "bunNanoseconds",
  });
  for (const [side, loop] of loops.entries()) {
    bench.add(String(side), () => loop(calls), { async: false, beforeEach: before });
  }
  const sides = bench.tasks.map((task): Measured => ({ task, turns: [], samples: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) takeTurn(side, calls);
  }
  return figures(sides, calls);
}

function takeTurn({ task, turns, samples }: Measured, calls: number): void {
  task.reset(false);
  const { result } = task.runSync();
  if (result.state !== "completed") throw new Error(`a turn was not taken: tinybench says ${result.state}`);
  turns.push((result.latency.p50 * NANOSECONDS_PER_MILLISECOND) / calls);
  for (const sample of result.latency.samples ?? []) {
    samples.push((sample * NANOSECONDS_PER_MILLISECOND) / calls);
  }
}

function figures(sides: readonly Measured[], calls: number): Figures {
  const [ours, theirs] = sides;
  if (ours === undefined) throw new Error("figures of nothing that was measured");
  const sorted = sides.map(({ samples }) => ascending(samples));
  const edges = edgesFor(sorted);
  const sideOf = ({ samples: all }: Measured): Side => {
    const samples = ascending(all);
    return {
      median: quantile(samples, 0.5),
      p99: quantile(samples, 0.99),
      samples: samples.length,
      histogram: histogram(samples, edges),
    };
  };
  const js = sideOf(ours);
  if (theirs === undefined) return { calls, js };
  const ratios = ours.turns.map((turn, index) => turn / theirs.turns[index]!);
  return { calls, js, c: sideOf(theirs), ratio: medianInterval(ratios) };
}

/** Bins for both sides, from the smallest value to the 99th percentile or 1.5 medians: the rest is counted above. */
function edgesFor(sides: readonly Float64Array[]): number[] {
  const low = Math.min(...sides.map((side) => quantile(side, 0)));
  const high = Math.max(...sides.map((side) => Math.min(quantile(side, 0.99), quantile(side, 0.5) * 1.5)));
  return binEdges(low, high, BINS);
}
