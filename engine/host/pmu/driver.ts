/**
 * The driver of a PMU, of a guest's kernel as of a host's: events get counters all together or not at all, counters
 * are set to minus what is left of the period, and their difference is added up.
 * Source: arch/x86/events/core.c (x86_pmu_add, x86_pmu_enable, x86_perf_event_set_period, x86_perf_event_update).
 */
import type { CounterBank } from "./counters.ts";
import { assign, candidates, type PmuLayout, takenCounters } from "./layout.ts";
import { leastPeriod } from "./period-limit.ts";
import type { Selection } from "./selection.ts";

/** An event of the hardware. The driver owns it while it is on the PMU. */
export interface HardwareEvent {
  readonly selection: Selection;
  /** Its overflows are asked for; else it only counts. */
  readonly sampling: boolean;
  /** Period; the longest one of an event that only counts. */
  samplePeriod: number;
  /** What is left of the period. */
  periodLeft: number;
  /** What has been counted. */
  count: number;
  /** Counter that it is on. */
  counter: number | undefined;
  /** Counter that it was on last. */
  last: number | undefined;
  /** Value of the counter when it was looked at last. */
  previous: number;
  /** Stopped, while its counter stays its own: throttled. */
  stopped: boolean;
}

/** An event that is not on the PMU yet. @param period 0 to only count. */
export function hardwareEvent(layout: PmuLayout, selection: Selection, period: number): HardwareEvent {
  const samplePeriod = period === 0 ? layout.maxPeriod : period;
  return {
    selection,
    sampling: period !== 0,
    samplePeriod,
    periodLeft: samplePeriod,
    count: 0,
    counter: undefined,
    last: undefined,
    previous: 0,
    stopped: false,
  };
}

/** Shortest distance to an overflow: the hardware may miss a shorter one. */
const LEAST_LEFT = 2;

export class PmuDriver {
  readonly layout: PmuLayout;
  readonly #bank: CounterBank;
  readonly #taken: ReadonlySet<number>;
  readonly #events = new Set<HardwareEvent>();
  /** Counters that an event may be on, by its config. */
  readonly #candidates = new Map<bigint, readonly number[]>();
  #disabled = 0;

  constructor(layout: PmuLayout, bank: CounterBank) {
    this.layout = layout;
    this.#bank = bank;
    this.#taken = takenCounters(layout);
  }

  /** Whether events could all be on an empty PMU (`validate_group`); who holds counters now does not matter. */
  fits(events: readonly Selection[]): boolean {
    const wishes = events.map((selection) => ({ candidates: this.#candidatesOf(selection) }));
    return assign(wishes, new Set()) !== undefined;
  }

  #candidatesOf({ config }: Selection): readonly number[] {
    const known = this.#candidates.get(config) ?? candidates(this.layout, config);
    this.#candidates.set(config, known);
    return known;
  }

  /** Puts events on the PMU, all or none. They count from {@link enable} on. @returns Whether they fit. */
  add(events: readonly HardwareEvent[]): boolean {
    const all = [...this.#events, ...events];
    const wishes = all.map(({ selection, last }) => ({ candidates: this.#candidatesOf(selection), last }));
    const counters = assign(wishes, this.#taken);
    if (counters === undefined) return false;
    this.disable();
    for (const [index, event] of all.entries()) {
      if (event.counter === counters[index]) continue;
      if (event.counter !== undefined) this.#stop(event);
      event.counter = counters[index];
      event.last = event.counter;
      this.#events.add(event);
    }
    for (const event of events) {
      event.previous = Number.NaN;
      event.stopped = false;
    }
    for (const event of all) if (Number.isNaN(event.previous) && !event.stopped) this.#start(event);
    this.enable();
    return true;
  }

  /** Takes an event off. */
  remove(event: HardwareEvent): void {
    if (!this.#events.delete(event)) return;
    this.disable();
    this.#stop(event);
    event.counter = undefined;
    this.enable();
  }

  /** Stops all counters (`perf_pmu_disable`); calls nest. */
  disable(): void {
    if (this.#disabled++ === 0) this.#bank.freeze();
  }

  enable(): void {
    if (--this.#disabled === 0) this.#bank.thaw();
  }

  #start(event: HardwareEvent): void {
    this.#setPeriod(event);
    if (event.counter !== undefined) this.#bank.select(event.counter, event.selection);
  }

  #stop(event: HardwareEvent): void {
    this.update(event);
    if (event.counter !== undefined) this.#bank.select(event.counter, undefined);
    event.previous = Number.NaN;
  }

  /** Keeps an event from counting, though it keeps its counter. */
  pause(event: HardwareEvent): void {
    if (event.counter === undefined || event.stopped) return;
    this.#stop(event);
    event.stopped = true;
  }

  /** Ends {@link pause}, or begins anew with what is left of a period that has changed. */
  restart(event: HardwareEvent): void {
    if (event.counter === undefined) return;
    this.disable();
    if (!event.stopped) this.#stop(event);
    event.stopped = false;
    this.#start(event);
    this.enable();
  }

  /** Adds to the event what its counter has counted since. */
  update(event: HardwareEvent): void {
    if (event.counter === undefined || Number.isNaN(event.previous)) return;
    const value = this.#bank.read(event.counter);
    const modulus = 2 ** this.layout.width;
    const delta = (((value - event.previous) % modulus) + modulus) % modulus;
    event.count += delta;
    event.periodLeft -= delta;
    event.previous = value;
  }

  /** Sets the counter to minus what is left. @returns Whether a period has gone by. */
  #setPeriod(event: HardwareEvent): boolean {
    let left = event.periodLeft;
    let elapsed = false;
    if (left <= -event.samplePeriod) {
      left = event.samplePeriod;
      elapsed = true;
    } else if (left <= 0) {
      left += event.samplePeriod;
      elapsed = true;
    }
    event.periodLeft = left;
    const least = Math.max(LEAST_LEFT, leastPeriod(this.layout.periodLimit, event.selection.config));
    const programmed = Math.min(Math.max(left, least), this.layout.maxPeriod);
    event.previous = 2 ** this.layout.width - programmed;
    if (event.counter !== undefined) this.#bank.write(event.counter, event.previous);
    return elapsed;
  }

  /**
   * The interrupt's handler: all counters stand still in it.
   *
   * @param counter Counter that has wrapped.
   * @param overflow Called for an event whose period has gone by; true pauses it.
   */
  interrupt(counter: number, overflow: (event: HardwareEvent) => boolean): void {
    this.disable();
    const event = [...this.#events].find((candidate) => candidate.counter === counter);
    if (event && !event.stopped) {
      this.update(event);
      if (this.#setPeriod(event) && overflow(event)) this.pause(event);
    }
    this.enable();
  }
}
