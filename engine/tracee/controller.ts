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
import { FIRST_STOP, isTrap, type KernelStop, kernelStop, type LiveStop } from "./kernel-stop.ts";
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

/** The processes of each replay that is open in this process. Those of the others stand still while one goes on, or ends. */
const held = new Set<ReadonlySet<number>>();

/** Whether this process traces any process still that no other replay has: one of these, or any other. */
function hasTracees(known: ReadonlySet<number>): boolean {
  const ours = new RegExp(`^TracerPid:\\t${process.pid}$`, "m");
  const isOurs = (pid: number | string): boolean => ours.test(readProcFile(`/proc/${pid}/status`) ?? "");
  for (const pid of known) if (isOurs(pid)) return true;
  return readdirSync("/proc").some(
    (entry) => /^\d+$/.test(entry) && !isOfAnother(Number(entry), known) && isOurs(entry),
  );
}

function isOfAnother(pid: number, known: ReadonlySet<number>): boolean {
  for (const others of held) if (others !== known && others.has(pid)) return true;
  return false;
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

  /** What the last wait has found. */
  get found(): KernelStop {
    return kernelStop(this.control.status);
  }

  /**
   * Takes over what the last wait has found of a task: how it has stopped, and its registers.
   *
   * @throws TaskGone if it was killed since.
   */
  takeStop(task: Task): KernelStop {
    const { found } = this;
    if (found.kind === "ended") return found;
    if (this.control.regsResult !== 0) throw new TaskGone(task);
    this.takeRegisters(task, found);
    return found;
  }

  /** Resumes a task without waiting for it (a system call that may block). */
  release(task: Task, request: number, signal = 0): void {
    this.flush(task);
    task.useUpStop();
    const result = this.control.resume(request, task.tid, signal);
    invariant(result === 0 || result === ESRCH, `resume of task ${task.tid} failed with ${result}`);
  }

  /**
   * Resumes a task and waits for its next stop.
   *
   * @returns As TraceeControl.resumeAndWait.
   */
  resumeAndWait(task: Task, request: number, signal = 0): number {
    this.flush(task);
    task.useUpStop();
    return this.control.resumeAndWait(request, task.tid, signal, task.tid, 0);
  }

  /**
   * Resumes a task and waits for its very next stop, whatever it is; its registers are read.
   *
   * @throws TaskGone
   */
  advance(task: Task, request: number, signal = 0): LiveStop {
    let stop = this.advanceToAny(task, request, signal);
    while (this.isGroupStop(task, stop)) {
      task.groupStop();
      // The step itself is done; its trap is still to come.
      stop = this.advanceToAny(task, request === PTRACE.SINGLESTEP ? PTRACE.CONT : request);
    }
    return stop;
  }

  /** Whether a stop is that of a whole process (ptrace(2), "Group-stop"): it has no siginfo. */
  isGroupStop(task: Task, stop: LiveStop): boolean {
    if (stop.kind !== "signal" || !STOP_SIGNALS.includes(stop.signal)) return false;
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
  advanceToAny(task: Task, request: number, signal = 0): LiveStop {
    let stopped = this.resumeAndWait(task, request, signal);
    if (stopped === ESRCH) throw new TaskGone(task);
    if (stopped === EINTR) {
      this.onInterrupt();
      stopped = this.waitFor(task.tid);
    }
    invariant(stopped === task.tid, `task ${task.tid} can't be waited for (${stopped})`);
    const stop = this.takeStop(task);
    if (stop.kind === "ended") throw new TaskGone(task, stop.status);
    return stop;
  }

  /** Lets a stopped task go on, with each signal that comes, until it is dead. @returns Its wait status. */
  dieOfSignals(tid: number, first = 0): number {
    for (let signal = first; ; ) {
      this.control.resume(PTRACE.CONT, tid, signal);
      const stopped = this.waitFor(tid);
      invariant(stopped === tid, `a dying task can't be waited for (${stopped})`);
      const { found } = this;
      if (found.kind === "ended") return found.status;
      signal = found.kind === "signal" ? found.signal : 0;
    }
  }

  /** These are the processes of this tracer, as long as they are in the set, until {@link killAll} ends them. */
  hold(pids: ReadonlySet<number>): void {
    held.add(pids);
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
    held.delete(pids);
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
      if (this.found.kind !== "ended" && !isOfAnother(tid, pids)) end(tid);
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

  /** Takes over the registers that the last wait has read: of a task that has stopped so. */
  takeRegisters(task: Task, stop: LiveStop): void {
    task.registers.set(this.control.regs.u64);
    task.dirty = false;
    task.stop = stop;
  }

  /** Takes over a task that was just made, and whose first stop may have come long ago. */
  takeNewborn(task: Task): void {
    request(task, (tid) => getRegs(tid, this.control.regs));
    this.takeRegisters(task, FIRST_STOP);
  }

  /** Writes changed registers into the stopped task. */
  flush(task: Task): void {
    if (!task.dirty) return;
    invariant(task.stop, `task ${task.tid} gets registers while it runs`);
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
    return this.injectAt(task, task.space.cacheSpace.cache.syscallGadget, number, args);
  }

  /** Lets a task run what the tracer has it do, up to a stop that ends that. */
  runInjected(task: Task, isEnd: (stop: LiveStop) => boolean): void {
    for (;;) {
      const stop = this.advance(task, PTRACE.CONT);
      if (isEnd(stop)) return;
      // A gadget that is none of the usual place is not known to the filter of a recording.
      if (stop.kind !== "filter") task.strayStop(stop);
    }
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
    this.runInjected(task, (stop) => isTrap(stop) && task.number("rip") === gadget + 3);
    const result = Number(BigInt.asIntN(64, task.get("rax")));
    task.registers.set(saved);
    task.dirty = true;
    return result;
  }
}
