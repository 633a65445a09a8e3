/**
 * System calls that are done without a stop while recording (`tracee/call-stub.ts`). The recorder hears of them when the
 * task stops for something else, and writes them down before that.
 *
 * Which calls stop is decided by a filter of system calls (seccomp) on the program: all, but for those that are made at the
 * engine's own places. So tasks need not be resumed to the next system call, whichever it is. A process keeps its filter for
 * life, and gives it to its children.
 */

import { readFileSync } from "node:fs";
import { errnoInfo, SYSCALLS } from "../../ffi/mod.ts";
import type { ProcessorAnswer } from "../arch/x86_64/answered-instructions.ts";
import { Unsupported } from "../engine-error.ts";
import { type BufferedCall, SLEEPERS } from "../kernel/mod.ts";
import { uses } from "../optimisations.ts";
import { CallRecords, MAX_RECORDS_BYTES } from "../trace/mod.ts";
import type { CacheSpace } from "../tracee/cache-space.ts";
import { MOST_ANSWERS } from "../tracee/call-ring.ts";
import {
  encodeFilter,
  FILTER_DATA,
  type FilterInstruction,
  OPCODE,
  putFilter,
  VERDICT,
} from "../tracee/syscall-filter.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { CONTEXT_SIZE, USUAL_BASE } from "../translate/context.ts";
import type { QuietFiles } from "./descriptors/quiet.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { UNKNOWN_PROCESSOR } from "./restartable-area.ts";
import { hasRestartable } from "./rseq-call.ts";
import { sleepersBeside } from "./sleepers.ts";

/** What the buffer needs of a recording. */
export interface CallLog {
  readonly tracer: Tracer;
  readonly interceptors: {
    readonly any: boolean;
    /** Calls of a task that nobody has to be asked about. */
    spares(task: RecordedTask): readonly BufferedCall[];
  };
  readonly effects: object | undefined;
  readonly chaos: boolean;
  readonly outsiders: { readonly areThere: boolean };
  readonly schedule: { readonly size: number; readonly changes: number };
  readonly tasks: ReadonlyMap<number, RecordedTask>;
  readonly quiet: QuietFiles;
  /** Calls whose end needs no stop: they come before those that are done without any. */
  readonly ahead: { ended(task: RecordedTask): number };
  woken: number;
  /** Writes down calls that a task has done without a stop. */
  called(task: RecordedTask, ticks: number, count: number, records: Uint8Array): void;
}

/** prctl(2), linux/prctl.h. */
const PR_SET_NO_NEW_PRIVS = 38;

/** The higher half of addresses in the vsyscall page, whose calls the kernel does itself. */
const KERNEL_HALF = 0xffff_ffff;

/** Most bytes of records in a turn of a task that others wait for: some 500 calls. */
const SHARED_TURN_BYTES = 0x8000;

/** What tells the kernel that a call is to stop its task: the page of the stubs, and of the kernel's own, excepted. */
function stopFilter(): Uint8Array {
  const page = USUAL_BASE + CONTEXT_SIZE;
  const program: FilterInstruction[] = [
    [OPCODE.load, 0, 0, FILTER_DATA.instructionPointer + 4],
    [OPCODE.jumpEqual, 4, 0, KERNEL_HALF],
    [OPCODE.jumpEqual, 0, 4, 0],
    [OPCODE.load, 0, 0, FILTER_DATA.instructionPointer],
    [OPCODE.and, 0, 0, ~0xfff >>> 0],
    [OPCODE.jumpEqual, 0, 1, page],
    [OPCODE.return, 0, 0, VERDICT.allow],
    [OPCODE.return, 0, 0, VERDICT.trace],
  ];
  return encodeFilter(program);
}

/** Why calls stop at all events, for the user; undefined if there is no such reason. */
function reasonAgainst({ interceptors, effects, chaos }: CallLog): string | undefined {
  if (!uses("buffer")) return "switched off by TICKPROOF_NO";
  if (interceptors.any) return "each call is looked at, for a described host or for --deny";
  if (effects) return "the effects of each call are checked";
  if (chaos) return "a schedule by chaos takes turns at calls";
  // Its verdicts come before ours: what it refuses would be done without the recorder.
  if (isFiltered()) return "this process runs under a filter of system calls itself";
  return undefined;
}

/** Whether the recorder, and with it the program, has a filter of system calls already (proc_pid_status(5), Seccomp). */
function isFiltered(): boolean {
  return /^Seccomp:\s*[12]$/m.test(readFileSync("/proc/self/status", "latin1"));
}

/**
 * Sets the stub and its ring up in each cache space, says which calls it may do, and takes what it has done out of the
 * ring.
 */
export class CallBuffer {
  #isOn = false;
  /** Why there is none, if there is none. */
  #without: string | undefined;
  /** What the stub of a cache space knows that it may do. */
  readonly #allowed = new WeakMap<CacheSpace, readonly BufferedCall[]>();
  /** What the processor has said of itself so far. */
  readonly #answers: ProcessorAnswer[] = [];
  readonly #answersInstructions = uses("instructions");
  readonly #flows = uses("flows");
  /** Who sleeps that the running task could wake. */
  #sleepers = 0;
  /** When nobody slept who is woken by what is done with descriptors, and how many tasks there were then. */
  #calm = { changes: -1, tasks: 0 };
  /** Bytes of records that the running task has had since its last event. */
  #sinceEvent = 0;
  #of: RecordedTask | undefined;

  constructor(private readonly recording: CallLog) {}

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** Why no calls are done without a stop; undefined if some are. */
  get without(): string | undefined {
    return this.#without;
  }

  /** Puts the filter on the first process, which stands in front of its first instruction. */
  install(task: RecordedTask): void {
    this.#without = reasonAgainst(this.recording);
    if (this.#without !== undefined) return;
    const { cacheSpace, memory } = task.space;
    if (cacheSpace.base !== USUAL_BASE) {
      this.#without = "the program has memory where the engine usually lies";
      return;
    }
    const call = (number: number, ...args: (number | bigint)[]): number =>
      this.tracer.inject(task, number, ...args);
    const put = (): number => putFilter(call, memory, cacheSpace.scratchAddress, stopFilter());
    let result = put();
    if (result < 0) {
      // Without CAP_SYS_ADMIN: a program gets no more rights by execve under a tracer without rights anyway.
      call(SYSCALLS.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      result = put();
    }
    this.tracer.flush(task);
    if (result < 0) {
      this.#without = `the kernel takes no filter of system calls (${errnoInfo(-result).code})`;
      return;
    }
    this.recording.quiet.begin(task.tid);
    this.#isOn = true;
  }

  /** Whether tasks stop at their calls by the filter. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** A task is about to run. */
  prepare(task: RecordedTask): void {
    if (!this.#isOn) return;
    const { cacheSpace } = task.space;
    const isTraced = task.tracing !== undefined && task.tracing.going !== "on";
    if (cacheSpace.base !== USUAL_BASE || this.recording.outsiders.areThere || isTraced) {
      cacheSpace.calls.direct();
      return;
    }
    const allowed = this.recording.interceptors.spares(task);
    if (this.#allowed.get(cacheSpace) !== allowed) {
      cacheSpace.calls.allow(allowed, this.#flows);
      this.#allowed.set(cacheSpace, allowed);
    }
    const { quiet, schedule } = this.recording;
    const isSeen = this.#lookAtSleepers(task);
    quiet.prepare(task, this.#flows && !isSeen);
    cacheSpace.calls.setUnregistered(!task.restartable && hasRestartable());
    cacheSpace.calls.setOthers(schedule.size <= 1, this.#sleepers);
    if (this.#of !== task) this.#sinceEvent = 0;
    this.#of = task;
    const most = schedule.size > 1 ? SHARED_TURN_BYTES : MAX_RECORDS_BYTES;
    cacheSpace.calls.record(Math.max(0, most - this.#sinceEvent));
    if (this.#answersInstructions) {
      // Whoever goes from processor to processor may ask each of them who it is.
      cacheSpace.calls.answer(task.choseProcessors ? [] : this.#answers);
      if (!task.readsTimeStamps) cacheSpace.calls.trapTimeStamps();
    }
  }

  /** Who sleeps, and whether the task could see what one of them writes. */
  #lookAtSleepers(task: RecordedTask): boolean {
    const { schedule, tasks } = this.recording;
    // A thousand may wait for futexes all along.
    if (this.#calm.changes === schedule.changes && this.#calm.tasks === tasks.size) return false;
    const { who, isSeen } = sleepersBeside(task, tasks.values());
    this.#sleepers = who;
    const isCalm = (who & SLEEPERS["readers and writers"]) === 0;
    this.#calm = { changes: isCalm ? schedule.changes : -1, tasks: tasks.size };
    return isSeen;
  }

  /** The processor was asked at a stop, and has answered: the same question gets the same answer from now on. */
  answered(answer: ProcessorAnswer): void {
    const [leaf, subleaf] = answer;
    const isKnown = this.#answers.some((known) => known[0] === leaf && known[1] === subleaf);
    if (!isKnown && this.#answers.length < MOST_ANSWERS) this.#answers.push(answer);
  }

  /**
   * Writes down what a task has done that has stopped, or is gone.
   *
   * @returns How many calls these were, and those whose end needed no stop.
   */
  drain(task: RecordedTask, isGone: boolean): number {
    return this.recording.ahead.ended(task) + this.#take(task, isGone);
  }

  #take(task: RecordedTask, isGone: boolean): number {
    const { calls } = task.space.cacheSpace;
    // One that was stopped in the midst of a call ends it first.
    if (!isGone && this.tracer.isInCall(task)) return 0;
    const records = calls.take();
    if (records.length === 0) return 0;
    this.recording.woken |= calls.takeWoken() & this.#sleepers;
    this.#sinceEvent += records.length;
    const each = new CallRecords(records);
    let [count, ticks] = [0, 0];
    try {
      for (; each.next(); count++) {
        ticks = each.ticks;
        remember(task, each);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Unsupported(
        `Cannot go on: the program has changed the engine's memory (the ring of system calls has ${error.message})`,
      );
    }
    this.recording.called(task, ticks, count, records);
    return count;
  }

  /** A task has had an event that replay takes after its calls. */
  hadEvent(): void {
    this.#sinceEvent = 0;
  }
}

/** Keeps what later calls of a task, or its end, depend on. @throws RangeError for a record that no stub has made. */
function remember(task: RecordedTask, record: CallRecords): void {
  switch (record.number) {
    case SYSCALLS.close:
      task.descriptors.forget(Number(BigInt.asIntN(32, given(record, 0))));
      break;
    case SYSCALLS.openat:
      if (record.result >= 0n) task.descriptors.opened(Number(record.result));
      break;
    case SYSCALLS.rt_sigaction:
      if (record.result === 0n && given(record, 1) !== 0n) {
        const signal = Number(given(record, 0) & 0x7fn);
        task.process.actions.set(signal, task.space.cacheSpace.calls.actionOf(signal));
      }
      break;
    case SYSCALLS.set_robust_list:
      if (record.result === 0n) task.robustList = Number(given(record, 0));
      break;
    case SYSCALLS.rseq:
      if (record.result === 0n) {
        const [written] = record.writes;
        task.restartable = {
          address: Number(given(record, 0)),
          length: Number(BigInt.asUintN(32, given(record, 1))),
          signature: Number(BigInt.asUintN(32, given(record, 3))),
          processor: written
            ? new DataView(written.bytes.slice().buffer).getUint32(0, true)
            : UNKNOWN_PROCESSOR,
        };
      }
      break;
    case SYSCALLS.set_tid_address:
      task.clearTid = Number(given(record, 0));
      break;
  }
}

function given({ args }: CallRecords, i: number): bigint {
  const argument = args[i];
  if (argument === undefined) throw new RangeError(`a call without argument ${i + 1}`);
  return argument;
}
