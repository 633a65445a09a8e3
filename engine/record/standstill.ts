/**
 * Programs that will never end: every task sleeps until another one of the recording does something, or tasks take more turns
 * than a program that ends does. Where somebody wants to know (`hunt`), the recording ends there. No time is waited for; what
 * counts is what tasks do, so that a busy machine makes no difference.
 */
import { SYSCALLS, WAIT } from "../../ffi/mod.ts";
import type { CallView } from "../kernel/mod.ts";
import { stateOf } from "./kernel-state.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** When a recording ends though its program does not. */
export interface EndlessOptions {
  /** Where every task waits for another one. */
  whenStuck: boolean;
  /** Behind so many turns. @default never */
  afterTurns?: number;
}

/** Why it has ended then. */
export type Endless = "stuck" | "turns";

/** A recording ends, since its program does not. */
export class Standstill extends Error {
  constructor(readonly why: Endless) {
    super(why === "stuck" ? "every thread waits for another one" : "it takes turns without an end");
  }
}

/** Calls that bring a process signals later, without anybody's doing (setitimer(2), timer_create(2), fcntl(2)). */
const BRINGS_SIGNALS: ReadonlySet<number> = new Set([
  SYSCALLS.alarm,
  SYSCALLS.setitimer,
  SYSCALLS.timer_create,
  SYSCALLS.io_uring_setup,
  SYSCALLS.io_submit,
  SYSCALLS.mq_notify,
]);

/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const OPTIONS = 128 | 256;
/** FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2 (linux/futex.h). */
const SLEEPS: readonly number[] = [0, 6, 9, 11, 13];

/** How long a task may take to fall asleep or to wake up, before it is looked at again, in milliseconds. */
const SOON_MS = 1;

/** What a task is asked for: a part of {@link RecordedTask}. */
export type Sleeper = Pick<RecordedTask, "tid" | "state"> & { readonly call: CallView | undefined };

/** Whether a task sleeps in a call that nothing ends but what another task does. */
function waitsForOthers({ state, call }: Sleeper): boolean {
  if (state !== "blocked" || call === undefined) return false;
  switch (call.number) {
    case SYSCALLS.futex:
      // Argument 3 is how long.
      return SLEEPS.includes(call.int(1) & ~OPTIONS) && call.argument(3) === 0;
    case SYSCALLS.wait4:
    case SYSCALLS.waitid:
      return true;
    default:
      return false;
  }
}

/** Watches a recording for that. */
export class EndlessWatch {
  #mayBeSignalled = false;
  #turns = 0;

  /** @param stateOfTask The kernel's letter for a task's state; it is given in tests alone. */
  constructor(
    private readonly options: EndlessOptions | undefined,
    private readonly stateOfTask: (tid: number) => string | undefined = stateOf,
  ) {}

  /** A task has come to a call. */
  saw(number: number): void {
    if (BRINGS_SIGNALS.has(number)) this.#mayBeSignalled = true;
  }

  /** Another turn begins. @throws Standstill if there were too many. */
  turn(): void {
    this.#turns++;
    if (this.#turns > (this.options?.afterTurns ?? Number.POSITIVE_INFINITY)) throw new Standstill("turns");
  }

  /**
   * Whether all tasks wait for each other. To be asked where no task is to run, before the stops that there are now are taken for all:
   * one that is asleep and has not stopped sleeps on. `soon`: one of them is on its way to sleep, or has been woken.
   */
  isStuck(tasks: Iterable<Sleeper>): boolean | "soon" {
    if (this.options?.whenStuck !== true || this.#mayBeSignalled) return false;
    const all = [...tasks];
    if (!all.every(waitsForOthers)) return false;
    return all.every(({ tid }) => this.stateOfTask(tid) === "S") || "soon";
  }

  /**
   * Waits for a stop of one of the tasks, where none is to run.
   *
   * @param waitForAny Waits for a stop and acts on it. Returns false where there is none.
   * @throws Standstill where none comes any more.
   */
  wait(tasks: Iterable<Sleeper>, waitForAny: (options: number) => boolean): void {
    const isStuck = this.isStuck(tasks);
    if (!isStuck) waitForAny(0);
    // What has stopped before it was looked at sleeps no more.
    else if (waitForAny(WAIT.NOHANG)) return;
    else if (isStuck === "soon") Bun.sleepSync(SOON_MS);
    else throw new Standstill("stuck");
  }
}
