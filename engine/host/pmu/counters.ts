/** The counters of a PMU as a driver programs them: real ones here, virtual ones of a hypervisor elsewhere. */
import { type Activity, ORDINARY_STRETCH, type Outlook, type Stretch } from "./activity.ts";
import { FIXED_BASE } from "./layout.ts";
import type { EventCounts, Selection } from "./selection.ts";

/** What a driver writes to, and reads from. Counter values are of the layout's width. */
export interface CounterBank {
  /** All counters stand still (global control 0), until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Sets a counter's value. */
  write(index: number, value: number): void;
  /** Lets a counter count an event, or nothing. */
  select(index: number, selection: Selection | undefined): void;
  read(index: number): number;
}

interface Counter {
  value: number;
  selection: Selection | undefined;
}

/** Counters in silicon: they count what happens, wrap, and raise an interrupt then. */
export class PhysicalCounters implements CounterBank {
  readonly #counts: EventCounts;
  readonly #modulus: number;
  readonly #counters = new Map<number, Counter>();
  /** Values that were written to counters that are not there: they stand still. */
  readonly #missing = new Map<number, number>();
  #frozen = false;
  /** What code is taken for that is still to come. */
  outlook: Outlook = ORDINARY_STRETCH;

  /**
   * @param size How many there really are: what is written to others stands still.
   */
  constructor(counts: EventCounts, size: { general: number; fixed: number; width: number }) {
    this.#counts = counts;
    this.#modulus = 2 ** size.width;
    const indices = [
      ...Array.from({ length: size.general }, (_, index) => index),
      ...Array.from({ length: size.fixed }, (_, index) => FIXED_BASE + index),
    ];
    for (const index of indices) this.#counters.set(index, { value: 0, selection: undefined });
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
  }

  write(index: number, value: number): void {
    const counter = this.#counters.get(index);
    if (counter) counter.value = value;
    else this.#missing.set(index, value);
  }

  select(index: number, selection: Selection | undefined): void {
    const counter = this.#counters.get(index);
    if (counter) counter.selection = selection;
  }

  read(index: number): number {
    return this.#counters.get(index)?.value ?? this.#missing.get(index) ?? 0;
  }

  /** Lets something happen. @returns Counters that have wrapped. */
  happen(activity: Activity): number[] {
    const wrapped: number[] = [];
    if (this.#frozen) return wrapped;
    for (const [index, counter] of this.#counters) {
      if (!counter.selection) continue;
      counter.value += this.#counts.count(counter.selection, activity);
      if (counter.value < this.#modulus) continue;
      counter.value %= this.#modulus;
      wrapped.push(index);
    }
    return wrapped;
  }

  /** Instructions of a stretch after which the first counter wraps; undefined if none does. */
  untilWrap(stretch: Stretch): number | undefined {
    let first: number | undefined;
    if (this.#frozen) return first;
    for (const { value, selection } of this.#counters.values()) {
      if (!selection) continue;
      const at = stretch.until(this.#modulus - value, (part) => this.#counts.count(selection, part));
      if (at !== undefined && (first === undefined || at < first)) first = at;
    }
    return first;
  }

  /**
   * Branches that have retired when the first interrupt comes, if code as expected runs on and on; undefined if none
   * ever does.
   *
   * @param skid Branches that the interrupt of a counter takes to come.
   */
  branchesUntilInterrupt(skid: (counter: number) => number): number | undefined {
    let first: number | undefined;
    if (this.#frozen) return first;
    for (const [index, counter] of this.#counters) {
      const wrap = this.#branchesUntilWrap(counter);
      if (wrap === undefined) continue;
      const at = wrap + skid(index);
      if (first === undefined || at < first) first = at;
    }
    return first;
  }

  #branchesUntilWrap({ value, selection }: Counter): number | undefined {
    const ordinary = this.outlook;
    const whole = ordinary.ahead(ordinary.left);
    const perStretch = selection ? this.#counts.count(selection, whole) : 0;
    if (!selection || perStretch === 0) return undefined;
    const left = this.#modulus - value;
    const stretches = Math.floor((left - 1) / perStretch);
    const rest = left - stretches * perStretch;
    const at = ordinary.until(rest, (part) => this.#counts.count(selection, part)) ?? ordinary.left;
    return stretches * whole.branches + ordinary.ahead(at).branches;
  }
}
