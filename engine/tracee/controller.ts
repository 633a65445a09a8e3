/**
 * Stopped tasks under ptrace: resuming them one step at a time, their registers and signals, and system calls made
 * in their name. Nothing here knows of translation.
 *
 * Obligations: ptrace works on stopped tasks only, and only on the thread that spawned them. A task's registers in
 * memory are the truth between stops: `dirty` ones are written before it goes on.
 */
import { readdirSync } from "node:fs";
import {
  ERRNO,
  getRegs,
  getSigInfo,
  isErrno,
  kill,
  NativeBuffer,
  PTRACE,
  PTRACE_EVENT,
  SIG,
  SIGINFO,
  setRegs,
  TraceeControl,
  WAIT,
} from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import { Interrupted, takeInterrupt } from "../interrupts.ts";
import { readProcFile } from "../proc-file.ts";
import { FAULT_SIGNALS } from "./fault.ts";
import type { Task } from "./task.ts";

/** A task that had to stop is dead instead. */
export class TaskGone extends Error {
  constructor(
    readonly task: Task,
    /** Its wait status; undefined if it was killed while it was stopped, and is still to be waited for. */
    readonly status?: number,
  ) {
    super(`task ${task.tid} is gone`);
  }
}

/** Makes a ptrace request of a stopped task. @throws TaskGone if it was killed meanwhile. */
export function request<T>(task: Task, ptrace: (tid: number) => T): T {
  try {
    return ptrace(task.tid);
  } catch (error) {
    if (isErrno(error, "ESRCH")) throw new TaskGone(task);
    throw error;
  }
}

/** Whether this process traces any process still: one of these, or any other. */
function hasTracees(known: Iterable<number>): boolean {
  const ours = new RegExp(`^TracerPid:\\t${process.pid}$`, "m");
  const isOurs = (pid: number | string): boolean => ours.test(readProcFile(`/proc/${pid}/status`) ?? "");
  for (const pid of known) if (isOurs(pid)) return true;
  return readdirSync("/proc").some((entry) => /^\d+$/.test(entry) && isOurs(entry));
}

/** What is known of a signal stop. */
export interface SignalInfo {
  signal: number;
  /** siginfo_t, 128 bytes. */
  siginfo: Uint8Array;
  /** Whether the instruction itself caused it. */
  fault: boolean;
  /** si_addr. */
  address: number;
}

/** Signals that stop a process (signal(7)). */
const STOP_SIGNALS: readonly number[] = [SIG.SIGSTOP, SIG.SIGTSTP, SIG.SIGTTIN, SIG.SIGTTOU];

const EINTR = -ERRNO.EINTR;
const ESRCH = -ERRNO.ESRCH;

/** Resumes and reads stopped tasks by ptrace. */
export class Controller {
  readonly control = new TraceeControl();
  private readonly info = NativeBuffer.map(SIGINFO.size);

  /** The signal of a task's signal stop. */
  signalInfo(task: Task): SignalInfo {
    request(task, (tid) => getSigInfo(tid, this.info));
    const { view } = this.info;
    const signal = view.getInt32(SIGINFO.si_signo, true);
    return {
      signal,
      siginfo: this.info.u8.slice(),
      fault: FAULT_SIGNALS.includes(signal) && view.getInt32(SIGINFO.si_code, true) > 0,
      address: Number(view.getBigUint64(SIGINFO.si_addr, true)),
    };
  }

  /** Resumes a task without waiting for it (a system call that may block). */
  release(task: Task, request: number, signal = 0): void {
    this.flush(task);
    const result = this.control.resume(request, task.tid, signal);
    invariant(result === 0 || result === ESRCH, `resume of task ${task.tid} failed with ${result}`);
    task.running = true;
  }

  /**
   * Resumes a task and waits for its very next stop, whatever it is; its registers are read.
   *
   * @returns The wait status.
   * @throws TaskGone
   */
  advance(task: Task, request: number, signal = 0): number {
    let status = this.advanceToAny(task, request, signal);
    while (this.isGroupStop(task, status)) {
      task.groupStop();
      // The step itself is done; its trap is still to come.
      status = this.advanceToAny(task, request === PTRACE.SINGLESTEP ? PTRACE.CONT : request);
    }
    return status;
  }

  /** Whether a stop is that of a whole process (ptrace(2), "Group-stop"): it has no siginfo. */
  isGroupStop(task: Task, status: number): boolean {
    if (!STOP_SIGNALS.includes(status >> 8)) return false;
    try {
      getSigInfo(task.tid, this.info);
      return false;
    } catch (error) {
      if (isErrno(error, "ESRCH")) throw new TaskGone(task);
      if (isErrno(error, "EINVAL")) return true;
      throw error;
    }
  }

  /** As {@link advance}, to a stop of the whole process too. */
  advanceToAny(task: Task, request: number, signal = 0): number {
    this.flush(task);
    let stopped = this.control.resumeAndWait(request, task.tid, signal, task.tid, 0);
    if (stopped === ESRCH) throw new TaskGone(task);
    if (stopped === EINTR) {
      this.onInterrupt();
      stopped = this.waitFor(task.tid);
    }
    invariant(stopped === task.tid, `task ${task.tid} can't be waited for (${stopped})`);
    const { status } = this.control;
    if ((status & 0xff) !== 0x7f) throw new TaskGone(task, status);
    this.takeRegisters(task);
    return status;
  }

  /** Lets a stopped task go on, with each signal that comes, until it is dead. @returns Its wait status. */
  dieOfSignals(tid: number, first = 0): number {
    for (let signal = first; ; ) {
      this.control.resume(PTRACE.CONT, tid, signal);
      const stopped = this.waitFor(tid);
      invariant(stopped === tid, `a dying task can't be waited for (${stopped})`);
      const { status } = this.control;
      if ((status & 0xff) !== 0x7f) return status;
      signal = status >> 16 === 0 ? (status >> 8) & 0x7f : 0;
    }
  }

  /**
   * Ends processes and waits until nothing is left of them, nor of those that they have just made; whatever interrupts
   * comes too late.
   */
  killAll(pids: ReadonlySet<number>): void {
    this.onInterrupt = takeInterrupt;
    const end = (pid: number): void => {
      try {
        kill(pid, SIG.SIGKILL);
      } catch (error) {
        if (!isErrno(error, "ESRCH")) throw error;
      }
    };
    for (const pid of pids) end(pid);
    while (pids.size > 0) {
      let tid = this.control.wait(-1, WAIT.NOHANG);
      if (tid === EINTR) {
        this.onInterrupt();
        continue;
      }
      if (tid === 0) {
        // Other children of this process may live for ever: only for one of ours it is certain that something comes.
        if (!hasTracees(pids)) return;
        tid = this.waitFor(-1);
      }
      if (tid < 0) return;
      // Born when nobody looked any more.
      if ((this.control.status & 0xff) === 0x7f) end(tid);
    }
  }

  /**
   * Waits for a task (or -1 for any) that is certain to stop; {@link onInterrupt} decides whether an interrupt breaks
   * the wait off.
   *
   * @returns As TraceeControl.wait, but never -EINTR.
   */
  waitFor(tid: number): number {
    for (;;) {
      const stopped = this.control.wait(tid, 0);
      if (stopped !== EINTR) return stopped;
      this.onInterrupt();
    }
  }

  /**
   * Takes an interrupt that comes while a task has to be waited for: keeps it for later, or throws to break the wait off.
   */
  onInterrupt: () => void = () => {
    throw new Interrupted(takeInterrupt(), true);
  };

  /** Takes over the registers that the last wait has read. */
  takeRegisters(task: Task): void {
    task.registers.set(this.control.regs.u64);
    task.dirty = false;
    task.running = false;
  }

  /** Reads the registers of a stopped task that no wait of this tracer has read. */
  readRegisters(task: Task): void {
    request(task, (tid) => getRegs(tid, this.control.regs));
    this.takeRegisters(task);
  }

  /** Writes changed registers into the stopped task. */
  flush(task: Task): void {
    if (!task.dirty) return;
    this.control.regs.u64.set(task.registers);
    request(task, (tid) => setRegs(tid, this.control.regs));
    task.dirty = false;
  }

  /**
   * Makes a system call in the name of a stopped task, which is put back as it was.
   *
   * @param args Numbers or addresses.
   * @returns Result or -errno.
   */
  inject(task: Task, number: number, ...args: (number | bigint)[]): number {
    return this.injectAt(task, task.space.image.cache.syscallGadget, number, args);
  }

  /** As {@link inject}, at a `syscall; int3` that is somewhere else (before the code cache is mapped). */
  injectAt(task: Task, gadget: number, number: number, args: (number | bigint)[]): number {
    const saved = task.registers.slice();
    const order = ["rdi", "rsi", "rdx", "r10", "r8", "r9"] as const;
    order.forEach((register, i) => {
      task.set(register, BigInt.asUintN(64, BigInt(args[i] ?? 0)));
    });
    task.set("rax", number);
    task.set("orig_rax", 0xffffffffffffffffn);
    task.set("rip", gadget);
    for (;;) {
      const status = this.advance(task, PTRACE.CONT);
      if (status >> 8 === SIG.SIGTRAP && task.number("rip") === gadget + 3) break;
      // A gadget that is none of the usual place is not known to the filter of a recording.
      if (status >> 16 === PTRACE_EVENT.SECCOMP) continue;
      task.strayStop(status);
    }
    const result = Number(BigInt.asIntN(64, task.get("rax")));
    task.registers.set(saved);
    task.dirty = true;
    return result;
  }
}
