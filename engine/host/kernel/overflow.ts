/**
 * What happens when a period has gone by: a sample, a signal to the owner, and a check that it does not happen too
 * often. Source: kernel/events/core.c (__perf_event_overflow, __perf_event_account_interrupt).
 */
import type { PmuDriver } from "../pmu/driver.ts";
import { type Event, THROTTLED } from "./event.ts";
import { type InterruptCost, TICK_NS } from "./interrupt-cost.ts";
import type { RingRecord } from "./ring.ts";
import { lostRecord, type Moment, type ReadWords, sampleRecord, throttleRecord } from "./samples.ts";

export interface OverflowOptions {
  readonly cost: InterruptCost;
  /** Nanoseconds since the start. */
  readonly now: () => number;
  readonly currentTask: () => number;
  readonly read: ReadWords;
  /** The owner of the event gets its signal. */
  readonly signal: (event: Event) => void;
}

export class Overflows {
  readonly #options: OverflowOptions;
  /** Events whose limit has come: to be switched off behind the handler. */
  #exhausted: Event[] = [];

  constructor(options: OverflowOptions) {
    this.#options = options;
  }

  #moment(event: Event): Moment {
    return { task: this.#options.currentTask(), time: this.#options.now(), period: event.samplePeriod };
  }

  #write(event: Event, record: RingRecord): void {
    const target = event.parent ?? event;
    const { ring } = target;
    if (ring === undefined || ring.pages === 0) return;
    // Counted by event, though several may share a ring (__perf_output_begin in kernel/events/ring_buffer.c, 6.0).
    if (!ring.write(record, (lost) => lostRecord(target, this.#moment(event), lost))) target.lost++;
  }

  /**
   * A period of the event has gone by.
   *
   * @param period How long it was.
   * @returns Whether the event is to stand still from now on.
   */
  overflow(event: Event, period: number): boolean {
    let pause = this.#account(event, period);
    if (event.limit > 0 && --event.limit === 0) {
      this.#exhausted.push(event);
      pause = true;
    }
    this.#write(
      event,
      sampleRecord(event.parent ?? event, { ...this.#moment(event), period }, this.#options.read),
    );
    this.#options.signal(event.parent ?? event);
    return pause;
  }

  #account(event: Event, period: number): boolean {
    event.interrupts++;
    if (event.interrupts > this.#options.cost.samplesPerTick) {
      event.interrupts = THROTTLED;
      this.#write(event, throttleRecord(event, this.#moment(event), true));
      return true;
    }
    if (event.attr.has("freq")) {
      const now = this.#options.now();
      const passed = now - event.lastOverflow;
      event.lastOverflow = now;
      if (passed > 0 && passed < 2 * TICK_NS) adjustPeriod(event, passed, period);
    }
    return false;
  }

  /** Tells that an event goes on that stood still. */
  unthrottled(event: Event): void {
    this.#write(event, throttleRecord(event, this.#moment(event), false));
  }

  /** Takes the events whose limit has come. */
  takeExhausted(): Event[] {
    return this.#exhausted.splice(0);
  }
}

/** The period of an event with a frequency goes an eighth of the way to where it ought to be (`perf_adjust_period`). */
function adjustPeriod(event: Event, nanoseconds: number, counted: number): void {
  const wanted = (counted * 1_000_000_000) / (nanoseconds * event.frequency);
  const distance = wanted - event.samplePeriod;
  const step = Math.trunc((distance + (distance >= 0 ? 7 : -7)) / 8);
  event.setPeriod(Math.max(1, Math.floor(event.samplePeriod + step)));
}

/** Far too long a period is cut short: more than so many periods are left. */
const FAR_TOO_LONG = 8;

/** What the tick does for events with a frequency (`perf_adjust_freq_unthr_context`). */
export function adjustFrequencies(events: Iterable<Event>, driver: PmuDriver | undefined): void {
  for (const event of events) {
    if (!event.attr.has("freq") || !event.sampling || event.source.kind !== "hardware") continue;
    const hardware = event.source.event;
    driver?.update(hardware);
    const counted = hardware.count - event.countAtTick;
    event.countAtTick = hardware.count;
    if (counted <= 0) continue;
    adjustPeriod(event, TICK_NS, counted);
    if (hardware.periodLeft <= FAR_TOO_LONG * event.samplePeriod || hardware.stopped) continue;
    hardware.periodLeft = 0;
    driver?.restart(hardware);
  }
}
