/** An open event as the kernel keeps it, with its states and times. Source: kernel/events/core.c. */
import type { HardwareEvent } from "../pmu/driver.ts";
import type { Attr } from "./attr.ts";
import type { Ring } from "./ring.ts";
import type { SoftwareKind } from "./software.ts";

/** `error`: it was pinned and found no counter. `exit`: its task is gone. */
export type EventState = "exit" | "error" | "off" | "inactive" | "active";

/** What counts for the event. */
export type Source =
  | { readonly kind: "hardware"; readonly event: HardwareEvent }
  | { readonly kind: SoftwareKind };

/** Whom an event watches: a task, or a processor. Its time goes by only while it runs. */
export interface Context {
  /** Task, or undefined for a processor. */
  readonly task: number | undefined;
  /** Nanoseconds that it has run. */
  time: number;
  running: boolean;
  /** Leaders, in the order in which they are tried; rotation changes it. */
  leaders: Event[];
  /** Some leader found no counter: rotate at the next tick. */
  crowded: boolean;
}

/** Marks an event whose interrupts came too often: it stands still until the next tick. */
export const THROTTLED = Number.POSITIVE_INFINITY;

export class Event {
  readonly id: number;
  readonly attr: Attr;
  readonly context: Context;
  readonly cpu: number;
  /** Itself where it leads. */
  leader: Event;
  readonly siblings: Event[] = [];
  readonly source: Source;
  /** The event that it was inherited from. */
  readonly parent: Event | undefined;
  /** Inherited ones, of tasks that live. */
  readonly children: Event[] = [];
  /** Descriptor of the one that was opened; of inherited ones that of their parent. */
  fd = -1;
  state: EventState;
  /** Counted in software, and left over from inherited events of tasks that are gone. */
  count = 0;
  childCount = 0;
  childEnabled = 0;
  childRunning = 0;
  enabled = 0;
  running = 0;
  /** Period in events (of clocks in ns). */
  samplePeriod: number;
  /** Overflows wanted in a second, with the flag `freq`. */
  frequency: number;
  /** Counted in software: what is left of the period. */
  periodLeft: number;
  /** Overflows until it is switched off (REFRESH); 0 for no limit. */
  limit = 0;
  /** Interrupts in this tick, or {@link THROTTLED}. */
  interrupts = 0;
  lastOverflow = 0;
  /** What the hardware had counted at the last tick, for a frequency. */
  countAtTick = 0;
  /** Where records go: its own memory, or that of another event. */
  ring: Ring | undefined;
  /** Records that found no room in it, wherever it is. */
  lost = 0;
  /** Its own memory is mapped. */
  mapped = false;
  #stamp: number;

  constructor(options: {
    id: number;
    attr: Attr;
    context: Context;
    cpu: number;
    leader: Event | undefined;
    source: Source;
    parent?: Event | undefined;
  }) {
    this.id = options.id;
    this.attr = options.attr;
    this.context = options.context;
    this.cpu = options.cpu;
    this.leader = options.leader ?? this;
    this.source = options.source;
    this.parent = options.parent;
    this.state = options.attr.has("disabled") ? "off" : "inactive";
    this.samplePeriod = firstPeriod(options.attr);
    this.frequency = Number(options.attr.samplePeriod);
    this.periodLeft = this.samplePeriod;
    this.#stamp = options.context.time;
  }

  get group(): readonly Event[] {
    return [this.leader, ...this.leader.siblings];
  }

  get sampling(): boolean {
    return this.attr.samplePeriod > 0n;
  }

  /** Changes the period from the next overflow on. */
  setPeriod(period: number): void {
    this.samplePeriod = period;
    if (this.source.kind === "hardware") this.source.event.samplePeriod = period;
  }

  /** An event counts only while its leader is switched on too. */
  get on(): boolean {
    return [this.state, this.leader.state].every((state) => state === "inactive" || state === "active");
  }

  /** Brings the times up to now: to be called before the state of it or its leader changes. */
  updateTimes(): void {
    const passed = this.context.time - this.#stamp;
    this.#stamp = this.context.time;
    if (!this.on) return;
    this.enabled += passed;
    if (this.state === "active") this.running += passed;
  }

  /** Changes the state of the event, and with it the times of those that it leads. */
  enter(state: EventState): void {
    if (this.state === state) return;
    if (this.leader === this) for (const member of this.group) member.updateTimes();
    else this.updateTimes();
    this.state = state;
  }

  /** What was counted by the event itself, up to when its counter was looked at last. */
  get ownCount(): number {
    return this.count + (this.source.kind === "hardware" ? this.source.event.count : 0);
  }

  setOwnCount(value: number): void {
    this.count = value;
    if (this.source.kind === "hardware") this.source.event.count = 0;
    this.countAtTick = 0;
  }
}

/** The period that an event begins with; 0 of one that only counts. A frequency begins with the shortest period. */
export function firstPeriod({ samplePeriod, has }: Attr): number {
  return samplePeriod > 0n && has("freq") ? 1 : Number(samplePeriod);
}
