/**
 * Tasks of the recording that another task of it traces, and what their tracers hear: stops, deaths, SIGCHLD. See `tracing.ts`
 * for the state of one; `requests.ts` for what tracers ask for, `waits.ts` for how they wait, `going-on.ts` for how tasks
 * go on. In a replay nothing of this exists: the trace has the results of the tracer's calls, the memory that it has
 * changed, and the registers that it has set.
 */
import {
  getSigMask,
  isErrno,
  SA,
  SIG,
  SIG_DFL,
  SIG_IGN,
  SIGINFO,
  SYSCALLS,
  signalBit,
  tgkill,
} from "../../../ffi/mod.ts";
import { leaveCall } from "../../arch/x86_64/call-abi.ts";
import { callFile, standingFile, stepped } from "../../arch/x86_64/traced-registers.ts";
import { type Clock, Lookout, steadyClock } from "../../clock.ts";
import { invariant } from "../../engine-error.ts";
import type { Registers } from "../../trace/events.ts";
import type { SignalInfo } from "../../tracee/controller.ts";
import { programPc } from "../../tracee/position.ts";
import type { Standing, StashedSignal } from "../../tracee/task.ts";
import type { DeliveryPoint } from "../delivery.ts";
import { hasPending, isBlocked, userOf } from "../kernel-state.ts";
import type { RecordedProcess, RecordedTask } from "../recorded-task.ts";
import type { Schedule } from "../schedule.ts";
import { type HeldAt, type Release, siginfo, stopCode, type TracedStop, type Tracing } from "./tracing.ts";

/** si_code of SIGCHLD (asm-generic/siginfo.h). */
export const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3, TRAPPED: 4, STOPPED: 5 } as const;
/** How often those are looked after that wait for a SIGCONT, in milliseconds. */
const LOOK_MS = 5;

/** Who moves tasks (`going-on.ts`). */
export interface Carrier {
  /** Lets a held task go on. */
  letGo(task: RecordedTask, release: Release): void;
  /** The tracer of a task is gone. */
  abandon(task: RecordedTask): void;
  /** Ends the process of a task. */
  kill(task: RecordedTask): void;
  /** Takes a task out of a stop of its process that nobody traces; undefined if it is in none. */
  leaveStop(task: RecordedTask): { signal: number; where: DeliveryPoint } | undefined;
}

/** What this has to know of a recording. */
interface Traceable {
  readonly tasks: ReadonlyMap<number, RecordedTask>;
  readonly schedule: Pick<Schedule, "add" | "block">;
  disturbed: boolean;
  ran(task: RecordedTask, standing: Standing): void;
}

/** A tracee that has died: its tracer, which is not its parent, has still to hear of it. */
export interface Death {
  readonly tracer: RecordedTask;
  readonly tid: number;
  readonly user: number;
  readonly status: number;
}

/** Whether a call waits for children and tracees. */
export function isWait(number: number): boolean {
  return number === SYSCALLS.wait4 || number === SYSCALLS.waitid;
}

/** Who traces whom among the tasks of a recording. */
export class Tracees {
  readonly deaths: Death[] = [];
  /** Leaders that have ended before their threads, by whom they are traced. */
  readonly #leaders = new Map<RecordedProcess, Tracing>();
  readonly #due: (() => void)[] = [];
  /** Stops that a tracer has asked for, by the siginfo of what the recorder has sent for them. */
  readonly #asked = new WeakMap<Uint8Array, TracedStop>();
  readonly #lookout: Lookout;
  /** Who moves tasks; set by the recorder. */
  carrier: Carrier | undefined;

  constructor(
    private readonly recording: Traceable,
    clock: Clock = steadyClock,
  ) {
    this.#lookout = new Lookout(LOOK_MS, clock);
  }

  /** The tasks that a process traces. */
  *of(process: RecordedProcess): Iterable<[RecordedTask, Tracing]> {
    for (const task of this.recording.tasks.values())
      if (task.tracing?.tracer.process === process) yield [task, task.tracing];
  }

  /** To be done when the call of a tracer has its event: nobody else's comes before. */
  later(act: () => void): void {
    this.#due.push(act);
  }

  /** Does what is due. To be called where no task is between two points. @returns Whether there was anything. */
  carryOn(): boolean {
    const isDue = this.#due.length > 0;
    for (let act = this.#due.shift(); act; act = this.#due.shift()) act();
    this.#look();
    return isDue;
  }

  /** Whether a task waits for a SIGCONT, of which the kernel tells nobody. */
  get anyListens(): boolean {
    return this.recording.tasks.values().some(({ tracing }) => tracing?.listens);
  }

  #look(): void {
    if (!this.#lookout.isDue()) return;
    for (const task of this.recording.tasks.values()) {
      const { tracing } = task;
      if (!tracing?.listens || !tracing.hold || !hasPending(task.tid, SIG.SIGCONT)) continue;
      const { at } = tracing.hold;
      this.hold(task, { kind: "group", signal: SIG.SIGTRAP }, at);
    }
  }

  /** Keeps a task for its tracer, which hears of it. */
  hold(task: RecordedTask, stop: TracedStop, at: HeldAt): void {
    const { tracing } = task;
    invariant(tracing, `task ${task.tid} is held and has no tracer`);
    this.recording.schedule.block(task, "held");
    tracing.listens = false;
    if (stop.kind === "signal" || stop.kind === "group") tracing.message = 0n;
    const registers = registersAt(task, tracing, at);
    const endsStep = tracing.steps;
    tracing.hold = {
      stop,
      at,
      registers,
      initial: registers.slice(),
      setsVectors: false,
      endsStep,
      isTold: false,
    };
    const point = at.kind === "delivery" ? at.where.point : undefined;
    if (at.kind === "delivery" && (point === "fault" || point === "place"))
      this.recording.ran(task, at.where);
    if (at.kind === "delivery" && at.where.isStep) tracing.debug.stepped();
    const tracer = this.recording.tasks.get(tracing.tracer.tid);
    if (tracer === undefined) return;
    const status = stopCode(tracing.hold, tracing) & 0x7f;
    this.#tell(tracer, siginfo(SIG.SIGCHLD, CLD.TRAPPED, task.tid, userOf(task.tid), status), true);
  }

  /** The stop that a tracer has asked for, if that is what a signal of the recorder's stands for. */
  askedBy(siginfo: Uint8Array): TracedStop | undefined {
    return this.#asked.get(siginfo);
  }

  /** Has a task stop for its tracer, or look for news: by a SIGSTOP of the recorder's. */
  ask(task: RecordedTask, stop?: TracedStop): void {
    if (stop) task.wishes.stop = stop;
    else task.wishes.wakes = true;
    this.#send(task, SIG.SIGSTOP);
  }

  #send({ process, tid }: RecordedTask, signal: number): void {
    this.recording.disturbed = true;
    try {
      tgkill(process.pid, tid, signal);
    } catch (error) {
      // It is about to be found dead.
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }

  /**
   * A signal has come, which may be one that the recorder has sent to stop the task.
   *
   * @returns What it stands for; undefined where that is done: the task goes on.
   */
  arrived(task: RecordedTask, info: SignalInfo): StashedSignal | undefined {
    const { signal, siginfo } = info;
    const { wishes } = task;
    if (signal !== SIG.SIGSTOP || !wishes.any) return info;
    const view = new DataView(siginfo.buffer, siginfo.byteOffset);
    if (view.getInt32(SIGINFO.si_pid, true) !== process.pid) return info;
    const { stop } = wishes;
    wishes.stop = undefined;
    wishes.wakes = false;
    if (stop === undefined) return undefined;
    if (stop.kind === "signal") return { signal, siginfo: stop.siginfo };
    this.#asked.set(siginfo, stop);
    return { signal, siginfo };
  }

  /** There is news for those of a process that wait for what they trace, or for children. */
  wake(process: RecordedProcess): void {
    for (const thread of process.tasks) {
      thread.sleepsAt = undefined;
      if (thread.call && isWait(thread.call.number) && thread.state === "blocked") this.ask(thread);
    }
  }

  /** Tells a tracer: wakes it, and sends it SIGCHLD unless it wants none (do_notify_parent_cldstop in kernel/signal.c). */
  #tell(tracer: RecordedTask, info: Uint8Array, isStop: boolean): void {
    this.wake(tracer.process);
    const { SIGCHLD } = SIG;
    const { actions } = tracer.process;
    const handler = actions.handler(SIGCHLD);
    if (handler === SIG_IGN || (isStop && (actions.flags(SIGCHLD) & SA.NOCLDSTOP) !== 0)) return;
    // Nobody could see it, but for one that waits for it, or has a tracer itself.
    const waits = tracer.call?.number === SYSCALLS.rt_sigtimedwait;
    if (handler === SIG_DFL && !waits && !blocks(tracer, SIGCHLD) && !tracer.tracing) return;
    if (hasPending(tracer.tid, SIGCHLD)) return;
    const older = tracer.givenBack.findIndex(({ signal }) => signal === SIGCHLD);
    if (older >= 0) tracer.givenBack.splice(older, 1);
    tracer.givenBack.push({ signal: SIGCHLD, siginfo: info });
    this.#send(tracer, SIGCHLD);
  }

  /**
   * A task has died.
   *
   * @param end Wait status of its process, if that was the last of its tasks.
   */
  ended(task: RecordedTask, status: number, end: number | undefined): void {
    const { process, tracing } = task;
    const isLeader = task.tid === process.pid;
    if (tracing && !isLeader) this.#died(task, tracing, task.tid, status);
    if (isLeader && tracing && end === undefined) this.#leaders.set(process, tracing);
    if (end === undefined) return;
    const leader = isLeader ? tracing : this.#leaders.get(process);
    this.#leaders.delete(process);
    if (leader) this.#died(task, leader, process.pid, end);
    if (process.parent) for (const thread of process.parent.tasks) if (thread.call?.sleeps) this.ask(thread);
  }

  #died({ process }: RecordedTask, { tracer }: Tracing, tid: number, status: number): void {
    const told = this.recording.tasks.get(tracer.tid);
    // A parent hears of its child from the kernel, however it traces it.
    if (told === undefined || (told.process === process.parent && tid === process.pid)) return;
    const user = userOf(told.tid);
    this.deaths.push({ tracer: told, tid, user, status });
    const signal = status & 0x7f;
    const code = signal === 0 ? CLD.EXITED : (status & 0x80) === 0 ? CLD.KILLED : CLD.DUMPED;
    this.#tell(told, siginfo(SIG.SIGCHLD, code, tid, user, signal || status >> 8), false);
  }

  /** A task is gone, and with it all that it has traced. */
  gone(task: RecordedTask): void {
    if (task.process.tasks.size <= 1) {
      const kept = this.deaths.filter(({ tracer }) => tracer.process !== task.process);
      this.deaths.splice(0, this.deaths.length, ...kept);
    }
    for (const tracee of this.recording.tasks.values())
      if (tracee.tracing?.tracer === task) this.later(() => this.carrier?.abandon(tracee));
  }

  /** Signals that a task blocks, as it knows them: neither what the recorder stashes nor SIGTRAP is as the kernel has it. */
  maskOf({ savedMask, tid, trap }: RecordedTask): bigint {
    const mask = savedMask ?? getSigMask(tid);
    return trap.blocked ? mask | signalBit(SIG.SIGTRAP) : mask;
  }
}

/** Whether a task blocks a signal, whatever the recorder has the kernel block. */
function blocks({ savedMask, tid }: RecordedTask, signal: number): boolean {
  return savedMask === undefined ? isBlocked(tid, signal) : (savedMask & signalBit(signal)) !== 0n;
}

/** The registers of a task behind an event of its own: a call as a rule. */
export function registersBehind(task: RecordedTask): Registers {
  const pc = programPc(task.position);
  const registers = task.view(pc);
  if (task.position.kind === "call") leaveCall(registers, pc);
  return task.tracing?.steps ? stepped(registers) : registers;
}

/** What the tracer of a task sees of its registers. */
function registersAt(task: RecordedTask, { lastCall }: Tracing, at: HeldAt): BigUint64Array {
  switch (at.kind) {
    case "delivery": {
      const { interrupted, registers, point } = at.where;
      if (interrupted && task.call) return callFile(task, task.call.site, interrupted.result);
      return standingFile(task, registers, point === "return" ? lastCall : -1);
    }
    case "entry":
      return callFile(task, { ...at.site, number: task.callNumber });
    case "behind":
      return standingFile(task, at.registers, lastCall);
    case "birth":
      invariant(task.call, "a birth outside of a call");
      return callFile(task, task.call.site);
  }
}
