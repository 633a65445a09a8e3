/** Software events as they count: clocks by time, context switches when a task leaves. kernel/events/core.c. */
import type { Certainty } from "../model-api.ts";
import type { Event } from "./event.ts";

/** Clocks do not interrupt more often (perf_swevent_start_hrtimer). */
const LEAST_CLOCK_PERIOD = 10_000;

export class SoftwareClock {
  readonly #overflow: (event: Event, period: number) => boolean;

  /** @param overflow An event's period has gone by. */
  constructor(overflow: (event: Event, period: number) => boolean) {
    this.#overflow = overflow;
  }

  /** Clocks go by nominal speed, and sleeping is told where calls are likely to. */
  certainty({ kind }: Event["source"]): Certainty {
    return kind === "never" ? "unknown" : "estimated";
  }

  /** Time goes by for the events that are on. */
  pass(active: Iterable<Event>, nanoseconds: number): void {
    for (const event of [...active]) if (event.source.kind === "clock") this.#count(event, nanoseconds);
  }

  /** The running task leaves the processor, which happens in the kernel. */
  switchedOut(active: Iterable<Event>): void {
    for (const event of [...active]) {
      if (event.source.kind === "context-switches" && !event.attr.has("exclude_kernel"))
        this.#count(event, 1);
    }
  }

  #count(event: Event, value: number): void {
    event.count += value;
    if (!event.sampling) return;
    event.periodLeft -= value;
    if (event.periodLeft > 0) return;
    const period = periodOf(event);
    this.#overflow(event, period);
    event.periodLeft += period * Math.ceil((1 - event.periodLeft) / period);
  }

  /** Nanoseconds until the first clock overflows; infinite where none does. */
  untilOverflow(active: Iterable<Event>): number {
    let least = Number.POSITIVE_INFINITY;
    for (const event of active) {
      if (event.source.kind === "clock" && event.sampling)
        least = Math.min(least, Math.max(0, event.periodLeft));
    }
    return least;
  }
}

function periodOf(event: Event): number {
  if (event.source.kind !== "clock") return Math.max(1, event.samplePeriod);
  const period = event.attr.has("freq") ? 1_000_000_000 / event.frequency : event.samplePeriod;
  return Math.max(LEAST_CLOCK_PERIOD, Math.floor(period));
}
