/**
 * Tracer and tracees on one processor. They take turns anyway, and waking the other one up on another, idle
 * processor costs far more than the switch: 13,000 stops took 0.85 s unbound and 0.29 s bound, in turn, on a
 * two-core virtual machine.
 *
 * The binding is loosened for a moment now and then, so that the kernel can move all of them away from a
 * processor that has become busy. The runtime's own threads are never bound.
 */
import { readdirSync } from "node:fs";
import { currentCpu, getAffinity, isErrno, setAffinity } from "../../ffi/mod.ts";
import { type Clock, Lookout, steadyClock } from "../clock.ts";
import type { Task } from "./task.ts";

/** How long a binding lasts, and how long it is loosened, in milliseconds. */
const BOUND_MS = 1000;
const LOOSE_MS = 10;
/** How often new threads are looked for, in milliseconds: it takes some 50 µs. */
const LOOK_MS = 50;

/** Bindings that live, and what this process could use before the first one: several replays may be open. */
let living = 0;
let unbound = 0n;

/** Binds tracer and tracees to one processor, as long as it lives. */
export class Binding implements Disposable {
  /** The processors that this process may use: one bit each. */
  readonly all: bigint;
  private bound = false;
  /** The processors that all of them may use now. */
  private mask: bigint;
  private until = 0;
  private cpu: number | undefined;
  private lookout: Lookout;

  /** Binds the calling thread; a tracee that is started now inherits it. */
  constructor(private readonly clock: Clock = steadyClock) {
    if (living++ === 0) unbound = getAffinity(0);
    this.all = this.mask = unbound;
    this.lookout = new Lookout(LOOK_MS, clock);
    this.refresh([]);
  }

  /** The processor that all of them are bound to now. */
  get processor(): number | undefined {
    return this.cpu;
  }

  /** To be called between stops: binds or loosens these tasks when it is time. */
  refresh(tasks: Iterable<Task>): void {
    const now = this.clock();
    if (this.bound && this.lookout.isDue()) this.freeOthers();
    if (now < this.until) return;
    this.bound = !this.bound;
    this.until = now + (this.bound ? BOUND_MS : LOOSE_MS);
    this.cpu = this.bound ? currentCpu() : undefined;
    this.mask = this.cpu === undefined ? this.all : 1n << BigInt(this.cpu);
    setAffinity(0, this.mask);
    this.include(tasks);
    this.lookout = new Lookout(LOOK_MS, this.clock);
  }

  /** Tasks are there that were made from others than now run. */
  include(tasks: Iterable<Task>): void {
    for (const task of tasks) if (!task.choseProcessors) ifPossible(task.tid, this.mask);
  }

  /** Threads that a bound one has started (compilers, the trace's writer) have inherited its binding. */
  private freeOthers(): void {
    for (const name of readdirSync("/proc/self/task")) {
      if (Number(name) !== process.pid) ifPossible(Number(name), this.all);
    }
  }

  [Symbol.dispose](): void {
    if (--living === 0) setAffinity(0, this.all);
  }
}

/** Not for a task that is gone, nor for one with deadlines, which the kernel keeps where it is (EBUSY). */
function ifPossible(tid: number, mask: bigint): void {
  try {
    setAffinity(tid, mask);
  } catch (error) {
    if (!isErrno(error, "ESRCH") && !isErrno(error, "EBUSY")) throw error;
  }
}
