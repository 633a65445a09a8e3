/**
 * Waits of a task that traces others: wait4 and waitid. The kernel knows nothing of emulated stops, and is asked without
 * waiting for the rest. Where there is no news, the call sleeps in the kernel as pause(2), and is broken off by the recorder
 * when there is some.
 */
import { ERRNO, SIG, SIGINFO, SYSCALLS, WAIT, WAIT_ID } from "../../../ffi/mod.ts";
import { readProcFile } from "../../proc-file.ts";
import type { StoppedCall } from "../../session/stopped-call.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { Call } from "../call.ts";
import { groupOf, userOf } from "../kernel-state.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { CLD, type Death, isWait } from "./tracees.ts";
import { siginfo, stopCode, type Tracing } from "./tracing.ts";

/** Bytes of struct rusage. */
const RUSAGE = 144;
const STOPPED = 0x7f;

/** Whom a call waits for, and how. */
interface Wanted {
  matches(tid: number): boolean;
  readonly options: number;
  readonly hears: boolean;
}

/** What a wait has found. */
type News = { kind: "stop"; task: RecordedTask; tracing: Tracing } | { kind: "death"; death: Death };

/** Answers waits of tracers. */
export class Waits {
  constructor(private readonly recording: Recording) {}

  /** Whether a call is a wait of a process that traces others. */
  takes(task: RecordedTask, call: Call): boolean {
    return isWait(call.number) && this.isTracer(task);
  }

  /** Whether a process traces others, or has still to hear of the end of one that it has traced. */
  isTracer({ process }: RecordedTask): boolean {
    for (const _ of this.recording.traced.of(process)) return true;
    return this.recording.traced.deaths.some(({ tracer }) => tracer.process === process);
  }

  /** Whether there is news for a wait that a task is at, or in. */
  hasNews(task: RecordedTask, call: StoppedCall): boolean {
    return isWait(call.number) && this.#news(task, wantedBy(task, call)) !== undefined;
  }

  /**
   * Looks for news.
   *
   * @returns The result of the call; undefined if it has to sleep.
   */
  answer(task: RecordedTask, call: Call): number | undefined {
    const wanted = wantedBy(task, call);
    const news = this.#news(task, wanted);
    if (news?.kind === "stop") return this.#tellStop(task, call, wanted, news);
    if (news?.kind === "death") return this.#tellDeath(task, call, wanted, news.death);
    const isWaitid = call.number === SYSCALLS.waitid;
    const result = this.#askKernel(task, call, wanted);
    if (result !== 0 && result !== -ERRNO.ECHILD) return isWaitid && result > 0 ? 0 : result;
    const mayCome = [...this.recording.traced.of(task.process)].some(([{ tid }]) => wanted.matches(tid));
    if (result === -ERRNO.ECHILD && !mayCome) return result;
    if ((wanted.options & WAIT.NOHANG) === 0) return undefined;
    if (isWaitid) give(task, call.argument(2), new Uint8Array(SIGINFO.size));
    return 0;
  }

  #news(task: RecordedTask, { matches, options, hears }: Wanted): News | undefined {
    const isMine = (tracer: unknown): boolean => (options & WAIT.NOTHREAD) === 0 || tracer === task;
    for (const [tracee, tracing] of this.recording.traced.of(task.process)) {
      const { hold } = tracing;
      if (!hold || hold.isTold || tracing.listens) continue;
      if (isMine(tracing.tracer) && matches(tracee.tid)) return { kind: "stop", task: tracee, tracing };
    }
    if (!hears) return undefined;
    const death = this.recording.traced.deaths.find(
      ({ tracer, tid }) => tracer.process === task.process && isMine(tracer) && matches(tid),
    );
    return death && { kind: "death", death };
  }

  #tellStop(
    task: RecordedTask,
    call: Call,
    { options }: Wanted,
    { task: tracee, tracing }: News & { kind: "stop" },
  ): number {
    const { hold } = tracing;
    if (!hold) return -ERRNO.ECHILD;
    const code = stopCode(hold, tracing);
    if ((options & WAIT.NOWAIT) === 0) hold.isTold = true;
    return told(task, call, tracee.tid, (code << 8) | STOPPED, [CLD.TRAPPED, userOf(tracee.tid), code]);
  }

  #tellDeath(task: RecordedTask, call: Call, { options }: Wanted, death: Death): number {
    const { deaths } = this.recording.traced;
    if ((options & WAIT.NOWAIT) === 0) deaths.splice(deaths.indexOf(death), 1);
    const { tid, user, status } = death;
    const signal = status & 0x7f;
    const code = signal === 0 ? CLD.EXITED : (status & 0x80) === 0 ? CLD.KILLED : CLD.DUMPED;
    return told(task, call, tid, status, [code, user, signal === 0 ? status >> 8 : signal]);
  }

  /** Asks the kernel, without waiting. @returns As wait4, for waitid too. */
  #askKernel(task: RecordedTask, call: Call, { options }: Wanted): number {
    const { scratch, scratchAddress: at } = task.space.cacheSpace;
    const { tracer } = this.recording;
    const rest = at + SIGINFO.size;
    scratch.fill(0, 0, SIGINFO.size + RUSAGE);
    if (call.number === SYSCALLS.wait4) {
      const found = tracer.inject(task, call.number, call.argument(0), at, options | WAIT.NOHANG, rest);
      if (found > 0) {
        give(task, call.argument(1), scratch.slice(0, 4));
        give(task, call.argument(3), scratch.slice(SIGINFO.size, SIGINFO.size + RUSAGE));
      }
      return found;
    }
    const [kind, id] = [call.argument(0), call.argument(1)];
    const result = tracer.inject(task, call.number, kind, id, at, options | WAIT.NOHANG, rest);
    if (result < 0) return result;
    const found = new DataView(scratch.slice(0, SIGINFO.size).buffer).getInt32(SIGINFO.si_pid, true);
    if (found > 0) {
      give(task, call.argument(2), scratch.slice(0, SIGINFO.size));
      give(task, call.argument(4), scratch.slice(SIGINFO.size, SIGINFO.size + RUSAGE));
    }
    return found;
  }
}

/** Whom a call waits for. */
function wantedBy(task: RecordedTask, call: StoppedCall): Wanted {
  if (call.number === SYSCALLS.wait4) {
    const pid = call.int(0);
    const options = call.int(2);
    const group = pid === 0 ? groupOf(task.tid) : -pid;
    const matches = (tid: number): boolean => pid === -1 || (pid > 0 ? tid === pid : groupOf(tid) === group);
    return { matches, options, hears: true };
  }
  const [kind, id, options] = [call.int(0), call.int(1), call.int(3)];
  const hears = (options & WAIT.EXITED) !== 0;
  switch (kind) {
    case WAIT_ID.ALL:
      return { matches: () => true, options, hears };
    case WAIT_ID.PID:
      return { matches: (tid) => tid === id, options, hears };
    case WAIT_ID.PGID: {
      const group = id === 0 ? groupOf(task.tid) : id;
      return { matches: (tid) => groupOf(tid) === group, options, hears };
    }
    default: {
      const of = Number(/^Pid:\s*(\d+)$/m.exec(readProcFile(`/proc/${task.tid}/fdinfo/${id}`) ?? "")?.[1]);
      return { matches: (tid) => tid === of, options, hears };
    }
  }
}

/** Fills in what a wait is told. @returns The result of the call. */
function told(
  task: RecordedTask,
  call: Call,
  tid: number,
  status: number,
  [code, user, detail]: readonly [number, number, number],
): number {
  const isWaitid = call.number === SYSCALLS.waitid;
  const info = siginfo(SIG.SIGCHLD, code, tid, user, detail);
  const bytes = isWaitid ? info : new Uint8Array(new Uint32Array([status]).buffer);
  const where = call.argument(isWaitid ? 2 : 1);
  const isGiven =
    give(task, where, bytes) && give(task, call.argument(isWaitid ? 4 : 3), new Uint8Array(RUSAGE));
  if (!isGiven) return -ERRNO.EFAULT;
  return isWaitid ? 0 : tid;
}

/** Puts bytes where a call wants them, if it does. @returns Whether it could. */
function give({ space }: RecordedTask, at: number, bytes: Uint8Array): boolean {
  if (at === 0) return true;
  if (!space.writable(at)) return false;
  return space.memory.write(at, bytes) === bytes.length;
}

/** A call that a task is about to make, at its site. */
export type Site = CallSite;
