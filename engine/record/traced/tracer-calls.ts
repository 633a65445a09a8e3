/** The calls by which a task traces others: ptrace(2) and its waits, from the entry on. */
import { SYSCALLS } from "../../../ffi/mod.ts";
import { invariant } from "../../engine-error.ts";
import { StoppedCall } from "../../session/stopped-call.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { StashedSignal } from "../../tracee/task.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { Requests } from "./requests.ts";
import { isWait } from "./tracees.ts";
import { Waits } from "./waits.ts";

/** The ways of a system call that are the recorder's. */
export interface CallWays {
  /** Begins the call at whose entry a task stands. */
  begin(task: RecordedTask, site: CallSite): void;
  /** Lets the call at whose entry a task stands come to nothing. */
  cancel(task: RecordedTask): void;
  /** Lets the kernel go on with a call. */
  letSleep(task: RecordedTask): void;
  /** Ends a call whose result the task has. */
  finish(task: RecordedTask, call: Call): void;
}

/** Answers the calls of tracers. */
export class TracerCalls {
  readonly #waits: Waits;
  readonly #requests: Requests;

  constructor(
    private readonly recording: Recording,
    private readonly ways: CallWays,
  ) {
    this.#waits = new Waits(recording);
    this.#requests = new Requests(recording);
  }

  /** Whether a call comes before the signals that its task has stashed: its entry is known, or there is news for it. */
  comesFirst(task: RecordedTask, { number, registers }: CallSite): boolean {
    if (task.tracing?.passesEntry) return true;
    return isWait(number) && this.#waits.hasNews(task, new StoppedCall(number, registers, task.space));
  }

  /**
   * A task is at the entry of a call.
   *
   * @param sleeps It has come there to sleep, as there was no news.
   * @returns Whether it is a tracer's call, and dealt with.
   */
  answers(task: RecordedTask, call: Call, sleeps: boolean): boolean {
    if (this.#waits.takes(task, call)) {
      if (sleeps) this.#pause(task, call);
      else this.#wait(task, call);
      return true;
    }
    if (!this.#requests.takes(call)) return false;
    this.ways.cancel(task);
    call.refusal = undefined;
    task.result = this.#requests.answer(task, call);
    this.ways.finish(task, call);
    const { schedule, traced } = this.recording;
    // Whom it lets go on gets on before it is stopped again, however often it is; and has stopped when its tracer waits for it.
    if (traced.carryOn() && schedule.first === task) schedule.rotate();
    return true;
  }

  /** Tells what is new; where nothing is, the task comes to its call once more, to sleep in it. */
  #wait(task: RecordedTask, call: Call): void {
    this.ways.cancel(task);
    const result = this.#waits.answer(task, call);
    if (result === undefined) {
      putInFront(this.recording, task);
      task.sleepsAt = call.pc;
      return;
    }
    task.result = result;
    this.ways.finish(task, call);
  }

  /** Lets a task that waits for what it traces sleep in the kernel. */
  #pause(task: RecordedTask, call: Call): void {
    call.sleeps = true;
    task.entersCall(SYSCALLS.pause);
    this.recording.schedule.block(task);
    this.ways.letSleep(task);
  }

  /**
   * A signal has broken off a call.
   *
   * @param came What came; undefined for the recorder's word that there is news.
   * @returns Whether the call is a wait that is to be looked at anew: what came comes behind it if it has news.
   */
  hears(task: RecordedTask, call: Call, came: StashedSignal | undefined): boolean {
    if (!isWait(call.number) || (came !== undefined && !this.#waits.hasNews(task, call))) return false;
    if (came) task.stashed.push(came);
    putInFront(this.recording, task);
    return true;
  }
}

/** Puts a task that is out of its call in front of it. */
export function putInFront({ schedule }: Recording, task: RecordedTask): void {
  const { call } = task;
  invariant(call, `task ${task.tid} is in no call`);
  task.call = undefined;
  task.load(call.registers);
  task.forgetCall();
  task.jumpTo(call.pc);
  if (task.tracing) task.tracing.passesEntry = true;
  if (task.state !== "ready") schedule.add(task);
}
