/**
 * perf in the kernel that programs use: open events by descriptor, what runs and what interrupts it. The processor
 * below calls it when time passes, when a timer is due, and when a counter interrupts.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import type { Tunable } from "../machine/sysctls.ts";
import type { Certainty } from "../model-api.ts";
import type { HardwareEvent } from "../pmu/driver.ts";
import type { Noise } from "../pmu/skid.ts";
import { kindsOf } from "../pmu/units.ts";
import type { Processor, ProcessorEvents } from "../processor.ts";
import type { HostProfile } from "../profile.ts";
import { Contexts } from "./contexts.ts";
import type { Event } from "./event.ts";
import { EventTable } from "./event-table.ts";
import { giveBack, inherit } from "./inherit.ts";
import { InterruptCost, TICK_NS } from "./interrupt-cost.ts";
import { ioctlEvent } from "./ioctl.ts";
import { Mappings } from "./mappings.ts";
import { type OpenCall, openEvent } from "./open.ts";
import { adjustFrequencies, Overflows } from "./overflow.ts";
import { readWords, totalOf } from "./reading.ts";
import type { Ring } from "./ring.ts";
import { SoftwareClock } from "./software-clock.ts";

/** An overflow whose owner gets its signal. */
export interface Signal {
  readonly fd: number;
  readonly task: number;
}

/** Ticks after which an unpinned task on a hybrid processor is moved. */
const TICKS_ON_A_CORE = 3;

export class PerfKernel implements ProcessorEvents, Tunable {
  #profile: HostProfile;
  readonly processor: Processor;
  readonly contexts: Contexts;
  readonly #cost: InterruptCost;
  readonly #overflows: Overflows;
  readonly #clock: SoftwareClock;
  readonly #events = new EventTable();
  readonly #mappings: Mappings;
  readonly #tasks = new Set<number>();
  readonly #gone = new Set<number>();
  readonly #signals: Signal[] = [];
  #nextId = 1;
  #now = 0;
  #nextTick = TICK_NS;
  #moves = 0;

  /** @param log Logs a line to the kernel's log, with the seconds since the start. */
  constructor(
    profile: HostProfile,
    noise: Noise,
    processor: Processor,
    log: (line: string, now: number) => void,
  ) {
    this.#profile = profile;
    this.processor = processor;
    this.#cost = new InterruptCost(profile, noise, (line) => log(line, this.#now));
    this.#overflows = new Overflows({
      cost: this.#cost,
      now: () => this.#now,
      currentTask: () => this.contexts.current?.task ?? 0,
      read: (event) => readWords(event, this.driver),
      signal: (event) => this.#signals.push({ fd: event.fd, task: this.contexts.current?.task ?? 0 }),
    });
    this.contexts = new Contexts(processor.driver, (event) => this.#overflows.unthrottled(event));
    this.#mappings = new Mappings(processor.driver, profile.cpu.cores);
    this.#clock = new SoftwareClock((event, period) => this.#overflows.overflow(event, period));
  }

  /** The host as it is now: settings may have been written. */
  get profile(): HostProfile {
    return this.#profile;
  }

  get driver() {
    return this.processor.driver;
  }

  get paranoid(): number {
    return this.#profile.kernel.perfEventParanoid;
  }

  set paranoid(perfEventParanoid: number) {
    this.#profile = { ...this.#profile, kernel: { ...this.#profile.kernel, perfEventParanoid } };
  }

  get cpuTimeMaxPercent(): number {
    return this.#cost.cpuTimeMaxPercent;
  }

  setCpuTimeMaxPercent(percent: number): void {
    this.#cost.setCpuTimeMaxPercent(percent);
  }

  setSampleRate(rate: number): number {
    return this.#cost.setSampleRate(rate);
  }

  /** Nanoseconds since the model's start. */
  get now(): number {
    return this.#now;
  }

  /** Whether an open event counts locked instructions. */
  get countsLocks(): boolean {
    for (const { source } of this.#events.values()) {
      if (source.kind === "hardware" && this.processor.countsLocks(source.event.selection)) return true;
    }
    return false;
  }

  /** Whether an open event counts what only a count of all that retires tells. */
  get countsRetired(): boolean {
    for (const { source } of this.#events.values()) {
      if (source.kind === "hardware" && this.processor.countsRetired(source.event.selection)) return true;
    }
    return false;
  }

  get hasEvents(): boolean {
    return !this.#events.values().next().done;
  }

  /** How far the count of an event can be believed. */
  certainty({ source }: Event): Certainty {
    if (source.kind === "hardware") return this.processor.certainty(source.event.selection);
    return this.#clock.certainty(source);
  }

  get periodTakesEffectLate(): boolean {
    return this.profile.kernel.periodTakesEffectLate;
  }

  get sampleRate(): number {
    return this.#cost.sampleRate;
  }

  eventOf(fd: number): Event | undefined {
    return this.#events.get(fd);
  }

  get full(): boolean {
    return this.#events.full;
  }

  hasTask(task: number): boolean {
    return this.#tasks.has(task);
  }

  nextId(): number {
    return this.#nextId++;
  }

  timePassed(nanoseconds: number): void {
    this.#now += nanoseconds;
    this.contexts.timePassed(nanoseconds);
    this.#clock.pass(this.contexts.active(), nanoseconds);
    this.#afterHandlers();
  }

  untilTimer(): number {
    return Math.min(this.#nextTick - this.#now, this.#clock.untilOverflow(this.contexts.active()));
  }

  timer(): void {
    while (this.#nextTick <= this.#now) this.#nextTick += TICK_NS;
    adjustFrequencies(this.contexts.active(), this.driver);
    this.contexts.tick();
    this.#migrate();
  }

  /** On a hybrid processor a task that nobody has pinned goes from kind to kind. */
  #migrate(): void {
    const { cpu } = this.#profile;
    if (cpu.hybrid === undefined || cpu.hybrid.pinned) return;
    const kinds = kindsOf(cpu);
    this.#moves++;
    if (this.#moves % TICKS_ON_A_CORE === 0) {
      this.contexts.moveTo(kinds[(this.#moves / TICKS_ON_A_CORE) % kinds.length] ?? "core");
    }
  }

  interrupt(handle: () => void): void {
    handle();
    this.timePassed(this.#cost.handled());
  }

  overflow(hardware: HardwareEvent): boolean {
    const event = this.#events.of(hardware);
    return event !== undefined && this.#overflows.overflow(event, hardware.samplePeriod);
  }

  #afterHandlers(): void {
    for (const event of this.#overflows.takeExhausted()) this.contexts.disable(event);
  }

  /** A system call is made in the name of a task: of the one that runs, but for descriptors that tasks share. */
  enter(task: number): void {
    if (!this.#gone.has(task)) this.#tasks.add(task);
    this.processor.enterKernel(this);
    if (this.#now >= this.#nextTick) this.timer();
  }

  switchIn(task: number): void {
    this.switchOut();
    this.#tasks.add(task);
    this.#gone.delete(task);
    this.contexts.switchIn(task);
  }

  switchOut(): void {
    this.processor.enterKernel(this);
    this.#clock.switchedOut(this.contexts.active());
    this.#afterHandlers();
    this.contexts.switchOut();
    for (const event of this.#events.values()) this.#mappings.describe(event);
  }

  /** Time in which no task of the model runs. */
  sleep(nanoseconds: number): void {
    this.timePassed(nanoseconds);
    if (this.#now >= this.#nextTick) this.timer();
  }

  /** Signals that have come up. */
  takeSignals(): Signal[] {
    return this.#signals.splice(0);
  }

  open(call: OpenCall): number {
    const event = openEvent(this, call);
    if (typeof event === "number") return event;
    const fd = this.#events.open(event);
    this.#install(event);
    return fd;
  }

  #install(event: Event): void {
    this.#events.install(event);
    this.contexts.add(event);
  }

  close(fd: number): number {
    const event = this.#events.get(fd);
    if (!event) return -ERRNO.EBADF;
    this.#events.close(fd);
    this.#mappings.release(event);
    for (const each of [...event.children, event]) {
      this.contexts.remove(each);
      this.#events.drop(each);
    }
    return 0;
  }

  ioctl(event: Event, request: number, argument: number | bigint): number {
    const result = ioctlEvent(this, event, request, argument);
    this.#mappings.describe(event);
    return result;
  }

  read(event: Event, into: BigUint64Array): number {
    if (event.state === "error") return 0;
    const words = readWords(event, this.driver);
    if (into.length < words.length) return -ERRNO.ENOSPC;
    for (const [index, word] of words.entries()) into[index] = BigInt.asUintN(64, word);
    this.#mappings.describe(event);
    return words.length * BigUint64Array.BYTES_PER_ELEMENT;
  }

  map(event: Event, pages: number): Ring | number {
    return this.#mappings.map(event, pages);
  }

  poll(event: Event): number {
    return this.#mappings.poll(event);
  }

  fork(parent: number, child: number): void {
    this.#tasks.add(child);
    this.#gone.delete(child);
    for (const event of inherit(this.contexts, parent, child, () => this.nextId())) this.#install(event);
  }

  exit(task: number): void {
    if (this.contexts.current?.task === task) this.switchOut();
    const { leaders } = this.contexts.ofTask(task);
    for (const event of leaders.flatMap((leader) => leader.group)) {
      const value = totalOf(event, this.driver);
      if (event.parent) {
        giveBack(event, event.parent, value);
        this.#events.drop(event);
      }
      event.enter("exit");
    }
    this.contexts.drop(task);
    this.#tasks.delete(task);
    this.#gone.add(task);
  }

  /** Branches until something is due for the running task; undefined if nothing is in sight. */
  untilInterrupt(task: number): number | undefined {
    if (this.#signals.length > 0) return 0;
    if (this.contexts.current?.task !== task) return undefined;
    const timers = this.contexts.awaitsTick ? this.#nextTick - this.#now : Number.POSITIVE_INFINITY;
    const timer = Math.min(timers, this.#clock.untilOverflow(this.contexts.active()));
    return this.processor.untilInterrupt(Math.max(0, timer));
  }
}
