/**
 * perf in the kernel that programs use: open events by descriptor, what runs and what interrupts it. The processor
 * below calls it when time passes, when a timer is due, and when a counter interrupts.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import type { HardwareEvent } from "../pmu/driver.ts";
import type { Noise } from "../pmu/skid.ts";
import type { Processor, ProcessorEvents } from "../processor.ts";
import type { HostProfile } from "../profile.ts";
import { Contexts } from "./contexts.ts";
import type { Event } from "./event.ts";
import { inherit } from "./inherit.ts";
import { InterruptCost, TICK_NS } from "./interrupt-cost.ts";
import { connect, ioctlEvent } from "./ioctl.ts";
import { type OpenCall, openEvent } from "./open.ts";
import { adjustFrequencies, Overflows } from "./overflow.ts";
import { readWords, totalOf } from "./reading.ts";
import { Ring } from "./ring.ts";
import { SoftwareClock } from "./software-clock.ts";

/** Descriptors begin where programs have few of their own, and are not used twice. */
const FIRST_FD = 3;
/** RLIMIT_NOFILE. */
const MOST_OPEN = 1024;
/** kernel.perf_event_mlock_kb without the page of metadata, in pages for each processor. */
const MAPPED_PAGES_PER_CPU = 128;
const POLLERR = 8;
const POLLHUP = 16;

/** An overflow whose owner gets its signal. */
export interface Signal {
  readonly fd: number;
  readonly task: number;
}

export class PerfKernel implements ProcessorEvents {
  readonly profile: HostProfile;
  readonly processor: Processor;
  readonly contexts: Contexts;
  readonly #cost: InterruptCost;
  readonly #overflows: Overflows;
  readonly #clock: SoftwareClock;
  readonly #events = new Map<number, Event>();
  readonly #hardware = new Map<HardwareEvent, Event>();
  readonly #tasks = new Set<number>();
  readonly #gone = new Set<number>();
  readonly #signals: Signal[] = [];
  #nextFd = FIRST_FD;
  #nextId = 1;
  #mappedPages = 0;
  #now = 0;
  #nextTick = TICK_NS;

  /** @param log Logs a line to the kernel's log, with the seconds since the start. */
  constructor(
    profile: HostProfile,
    noise: Noise,
    processor: Processor,
    log: (line: string, now: number) => void,
  ) {
    this.profile = profile;
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
    this.#clock = new SoftwareClock((event, period) => this.#overflows.overflow(event, period));
  }

  get driver() {
    return this.processor.driver;
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
  }

  interrupt(handle: () => void): void {
    handle();
    this.timePassed(this.#cost.handled());
  }

  overflow(hardware: HardwareEvent): boolean {
    const event = this.#hardware.get(hardware);
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
    this.#describeRings();
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
    if (this.#events.size >= MOST_OPEN) return -ERRNO.EMFILE;
    const opened = openEvent(this, call);
    if (typeof opened === "number") return opened;
    const { event, output } = opened;
    if (output) {
      const refused = connect(event, output);
      if (refused !== 0) return refused;
    }
    event.fd = this.#nextFd++;
    this.#events.set(event.fd, event);
    this.#install(event);
    return event.fd;
  }

  #install(event: Event): void {
    if (event.source.kind === "hardware") this.#hardware.set(event.source.event, event);
    this.contexts.add(event);
  }

  close(fd: number): number {
    const event = this.#events.get(fd);
    if (!event) return -ERRNO.EBADF;
    this.#events.delete(fd);
    for (const each of [...event.children, event]) this.#drop(each);
    if (event.mapped && event.ring) this.#mappedPages -= event.ring.pages;
    return 0;
  }

  #drop(event: Event): void {
    this.contexts.remove(event);
    if (event.source.kind === "hardware") this.#hardware.delete(event.source.event);
  }

  ioctl(event: Event, request: number, argument: number | bigint): number {
    const result = ioctlEvent(this, event, request, argument);
    this.#describe(event);
    return result;
  }

  read(event: Event, into: BigUint64Array): number {
    if (event.state === "error") return 0;
    const words = readWords(event, this.driver);
    if (into.length < words.length) return -ERRNO.ENOSPC;
    for (const [index, word] of words.entries()) into[index] = BigInt.asUintN(64, word);
    this.#describe(event);
    return words.length * BigUint64Array.BYTES_PER_ELEMENT;
  }

  map(event: Event, pages: number): Ring | number {
    const isPowerOfTwo = Number.isInteger(pages) && pages >= 0 && (pages & (pages - 1)) === 0;
    if (!isPowerOfTwo || (event.cpu === -1 && event.attr.has("inherit"))) return -ERRNO.EINVAL;
    if (event.ring) return event.mapped && event.ring.pages === pages ? event.ring : -ERRNO.EINVAL;
    const most = MAPPED_PAGES_PER_CPU * this.profile.cpu.cores;
    if (this.#mappedPages + pages > most) return -ERRNO.EPERM;
    this.#mappedPages += pages;
    event.ring = new Ring(pages, { events: event.attr.wakeupEvents, bytes: event.attr.wakeupBytes });
    event.mapped = true;
    this.#describe(event);
    return event.ring;
  }

  #describe(event: Event): void {
    if (!event.mapped || !event.ring) return;
    const width = event.source.kind === "hardware" ? (this.driver?.layout.width ?? 0) : 0;
    event.ring.describe({ ...totalOf(event, this.driver), width });
  }

  #describeRings(): void {
    for (const event of this.#events.values()) this.#describe(event);
  }

  poll(event: Event): number {
    if (event.state === "exit" && event.children.length === 0) return POLLHUP;
    if (event.state === "error" && event.attr.has("pinned")) return POLLERR;
    return event.ring ? event.ring.takePoll() : POLLHUP;
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
      const { parent } = event;
      if (parent) {
        parent.childCount += value.count;
        parent.childEnabled += value.enabled;
        parent.childRunning += value.running;
        parent.children.splice(parent.children.indexOf(event), 1);
        if (event.source.kind === "hardware") this.#hardware.delete(event.source.event);
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
