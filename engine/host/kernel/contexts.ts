/**
 * Which events are on the PMU: pinned groups first, then the others in turn, a group all together or not at all.
 * Source: kernel/events/core.c (ctx_sched_in, group_sched_in, ctx_resched, perf_rotate_context).
 */
import type { PmuDriver } from "../pmu/driver.ts";
import type { PmuLayout } from "../pmu/layout.ts";
import type { CoreKind } from "../profile.ts";
import { type Context, type Event, THROTTLED } from "./event.ts";
import { BUSY_CPU, groupIn, groupOut, isSoftware, runsHere, type Unthrottled } from "./groups.ts";

function newContext(task: number | undefined): Context {
  return { task, time: 0, running: task === undefined, leaders: [], crowded: false };
}

export class Contexts {
  readonly #driver: PmuDriver | undefined;
  readonly #unthrottled: Unthrottled;
  readonly #tasks = new Map<number, Context>();
  readonly #cpus = new Map<number, Context>();
  #current: Context | undefined;
  /** Kind of core that tasks run on. */
  #kind: CoreKind = "core";

  constructor(driver: PmuDriver | undefined, unthrottled: Unthrottled) {
    this.#driver = driver;
    this.#unthrottled = unthrottled;
  }

  /** Counters that the events are put on. */
  get layout(): PmuLayout | undefined {
    return this.#driver?.layout;
  }

  ofTask(task: number): Context {
    let context = this.#tasks.get(task);
    if (!context) {
      context = newContext(task);
      this.#tasks.set(task, context);
    }
    return context;
  }

  ofCpu(cpu: number): Context {
    let context = this.#cpus.get(cpu);
    if (!context) {
      context = newContext(undefined);
      this.#cpus.set(cpu, context);
    }
    return context;
  }

  /** Forgets a task that is gone. */
  drop(task: number): void {
    this.#tasks.delete(task);
  }

  /** The running task goes on on a core of another kind. */
  moveTo(kind: CoreKind): void {
    const task = this.#current?.task;
    this.switchOut();
    this.#kind = kind;
    if (task !== undefined) this.switchIn(task);
  }

  /** The task that runs. */
  get current(): Context | undefined {
    return this.#current;
  }

  /** Contexts that are on the processor where tasks run, in the order in which they are served. */
  get #running(): Context[] {
    return [this.#cpus.get(BUSY_CPU), this.#current].filter((context) => context !== undefined);
  }

  timePassed(nanoseconds: number): void {
    for (const context of this.#cpus.values()) context.time += nanoseconds;
    if (this.#current) this.#current.time += nanoseconds;
  }

  /** Events that are on and see what the running task does. */
  *active(): Generator<Event> {
    for (const { leaders } of this.#running) {
      for (const leader of leaders)
        for (const event of leader.group) if (event.state === "active") yield event;
    }
  }

  switchIn(task: number): void {
    const context = this.ofTask(task);
    context.running = true;
    this.#current = context;
    this.reschedule();
  }

  switchOut(): void {
    const context = this.#current;
    if (!context) return;
    this.#driver?.disable();
    for (const leader of context.leaders) groupOut(leader, this.#driver);
    this.#driver?.enable();
    context.running = false;
    context.crowded = false;
    this.#current = undefined;
  }

  /** An event comes, switched on or off. */
  add(event: Event): void {
    if (event.leader === event) event.context.leaders.push(event);
    else event.leader.siblings.push(event);
    if (event.on) this.#enabled(event);
  }

  /** Takes an event away; siblings of a leader that goes lead themselves from then on. */
  remove(event: Event): void {
    this.#driver?.disable();
    groupOut(event, this.#driver);
    for (const member of event.leader === event ? event.group : [event]) member.updateTimes();
    const { leader, context } = event;
    if (leader !== event) leader.siblings.splice(leader.siblings.indexOf(event), 1);
    else {
      const orphans = event.siblings.splice(0);
      for (const orphan of orphans) orphan.leader = orphan;
      context.leaders = context.leaders.flatMap((other) => (other === event ? orphans : [other]));
      if (context.running && orphans.length > 0) this.reschedule();
    }
    this.#driver?.enable();
  }

  /** Switches an event on. */
  enable(event: Event): void {
    if (event.state !== "off" && event.state !== "error") return;
    event.enter("inactive");
    this.#enabled(event);
  }

  #enabled(event: Event): void {
    if (!event.context.running) return;
    if (event.leader !== event && event.leader.state !== "active") return;
    if (event.context !== this.#current && event.cpu !== BUSY_CPU) {
      if (event.leader === event) groupIn(event, this.#driver, this.#unthrottled, this.#kind);
      else event.enter("active");
    } else this.reschedule();
  }

  /** Switches an event off. */
  disable(event: Event): void {
    if (event.state !== "active" && event.state !== "inactive") return;
    this.#driver?.disable();
    groupOut(event, this.#driver);
    event.enter("off");
    this.#driver?.enable();
  }

  /** Takes everything off the PMU, and puts on what fits. */
  reschedule(): void {
    this.#driver?.disable();
    const contexts = this.#running;
    for (const { leaders } of contexts) for (const leader of leaders) groupOut(leader, this.#driver);
    for (const pinned of [true, false]) {
      for (const context of contexts) {
        if (pinned) context.crowded = false;
        for (const leader of context.leaders) {
          if (leader.attr.has("pinned") === pinned) this.#scheduleIn(context, leader);
        }
      }
    }
    this.#driver?.enable();
  }

  #scheduleIn(context: Context, leader: Event): void {
    if (leader.state !== "inactive" || !runsHere(leader)) return;
    const mayTry = leader.group.every(isSoftware) || (!context.crowded && !this.#isExclusive(leader));
    if (mayTry && groupIn(leader, this.#driver, this.#unthrottled, this.#kind)) return;
    if (leader.attr.has("pinned")) leader.enter("error");
    else context.crowded = true;
  }

  /** Whether a group that is on, or the one that comes, wants the PMU for itself (`group_can_go_on`). */
  #isExclusive(coming: Event): boolean {
    for (const event of this.active()) {
      if (event.leader === event && event.group.every(isSoftware)) continue;
      if (event.leader.attr.has("exclusive") || coming.attr.has("exclusive")) return true;
    }
    return false;
  }

  /** The kernel's tick: groups that found no counter come first now, and what stood still goes on. */
  tick(): void {
    for (const event of this.active()) {
      if (event.interrupts === THROTTLED) {
        this.#unthrottled(event);
        event.interrupts = 0;
        if (event.source.kind === "hardware") this.#driver?.restart(event.source.event);
      } else event.interrupts = 0;
    }
    const crowded = this.#running.filter((context) => context.crowded);
    for (const context of crowded) rotate(context);
    if (crowded.length > 0) this.reschedule();
  }

  /** The next tick changes what some event counts, or when it interrupts. */
  get awaitsTick(): boolean {
    if (this.#running.some(({ crowded }) => crowded)) return true;
    for (const event of this.active()) {
      // A frequency gets another period at the tick, and so another time for its next interrupt.
      if (event.interrupts === THROTTLED || (event.sampling && event.attr.has("freq"))) return true;
    }
    return false;
  }
}

/** The first group that is not pinned becomes the last one. */
function rotate({ leaders }: Context): void {
  const first = leaders.findIndex((leader) => !leader.attr.has("pinned"));
  if (first >= 0) leaders.push(...leaders.splice(first, 1));
}
