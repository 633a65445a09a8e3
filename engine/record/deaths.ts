/**
 * How tasks and processes of a recording end.
 *
 * What the kernel tells a tracer is less than what happens. A leader that ends before its threads is a zombie
 * nobody hears of until the last of them is gone, though the memory that it leaves behind changes at once: its
 * event is written when it has become one. And a leader that was killed can't be waited for before its threads.
 */
import { ERRNO, PTRACE, SYSCALLS, WAIT, yieldProcessor } from "../../ffi/mod.ts";
import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import { isGone, isZombie } from "./kernel-state.ts";
import type { RecordedProcess, RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { robustWrites } from "./robust-list.ts";

/** Reaps tasks, and writes their ends in the order in which the program can see them. */
export class Deaths {
  /** Wait status of the first process, once it is gone. */
  rootStatus: number | undefined;

  constructor(
    private readonly recording: Recording,
    private readonly root: RecordedProcess,
  ) {}

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** A task is at exit or exit_group: lets it go and waits for the deaths that follow. */
  exit(task: RecordedTask, call: Call): void {
    const { process } = task;
    const group = call.number === SYSCALLS.exit_group || process.tasks.size === 1;
    task.exiting = call.registers;
    for (const dying of group ? process.tasks : [task]) this.expect(dying);
    this.recording.schedule.block(task);
    this.tracer.release(task, PTRACE.CONT);
    if (group) this.reap(task);
    else if (task.tid !== process.pid) this.awaitDeath(task);
    else this.leaveThreads(task, (call.int(0) & 0xff) << 8);
  }

  /** A task ends alone, at a call that it may not do. */
  endAlone(task: RecordedTask, call: Call): void {
    task.exiting = call.registers;
    this.expect(task);
    this.recording.schedule.block(task);
    // By an exit instead of the call: a process has the status of the thread that ends last (synchronize_group_exit in
    // kernel/exit.c, Linux 6.18).
    task.entersCall(SYSCALLS.exit);
    this.tracer.release(task, PTRACE.CONT);
    if (task.tid !== task.process.pid) this.awaitDeath(task);
    else this.leaveThreads(task, 0);
  }

  /** A task may be killed from now on by what happens next: notes what the kernel will do to its memory then. */
  expect(task: RecordedTask): void {
    task.robustFutexWrites = robustWrites(task);
  }

  /** Waits until all tasks of a dying process are gone; the leader comes last. */
  reap(dying: RecordedTask): void {
    const { process } = dying;
    this.recording.schedule.block(dying);
    const others = this.recording.pids.dieWith(process);
    if (others.length > 0) {
      this.awaitAll([...others, ...process.tasks]);
      return;
    }
    const leaderLast = [...process.tasks].sort(
      (a, b) => Number(a.tid === process.pid) - Number(b.tid === process.pid),
    );
    for (const task of leaderLast) this.awaitDeath(task);
  }

  /** Waits for deaths of which nobody knows which comes first: with the first process of a namespace all others die. */
  private awaitAll(tasks: readonly RecordedTask[]): void {
    const left = new Set(tasks);
    while (left.size > 0) {
      for (const task of left) {
        const stopped = this.tracer.control.wait(task.tid, WAIT.NOHANG);
        if (stopped === 0) continue;
        if (stopped === -ERRNO.EINTR) this.tracer.onInterrupt();
        else if (stopped === -ERRNO.ECHILD) left.delete(task);
        else if (this.died(task, stopped)) left.delete(task);
      }
      yieldProcessor();
    }
  }

  private awaitDeath(task: RecordedTask): void {
    for (;;) {
      const stopped = this.tracer.waitFor(task.tid);
      if (stopped === -ERRNO.ECHILD || this.died(task, stopped)) return;
    }
  }

  /** What a wait for a dying task has found. @returns Whether it is dead now. */
  private died(task: RecordedTask, stopped: number): boolean {
    invariant(stopped === task.tid, `a dying task can't be waited for (${stopped})`);
    const { found } = this.tracer;
    if (found.kind === "ended") {
      this.gone(task, found.status);
      return true;
    }
    // A stop that was on its way before the death: the task dies when it goes on.
    this.tracer.control.resume(PTRACE.CONT, task.tid, 0);
    return false;
  }

  /** The leader of a process ends by itself, and its threads live on. */
  private leaveThreads(leader: RecordedTask, status: number): void {
    // Its last act, as far as others can see, is what it does before it becomes a zombie.
    while (!isZombie(leader.tid));
    leader.process.leaderless = true;
    this.gone(leader, status);
  }

  /**
   * A task that had to stop was found dead.
   *
   * @param status Its wait status; undefined if it is still to be waited for, and killed with its whole process.
   */
  found(task: RecordedTask, status: number | undefined): void {
    // What it has done without a stop since its last one.
    this.recording.calls.drain(task, true);
    if (status !== undefined) this.gone(task, status);
    else if (task.tid === task.process.pid) this.reap(task);
    else this.awaitDeath(task);
  }

  /** A request to the kernel found a task gone, whichever it was. @returns Whether any is. */
  findAny(): boolean {
    const dead = [...this.recording.tasks.values()].find(
      ({ tid, process }) => isGone(tid) && !process.leaderless,
    );
    if (dead) this.found(dead, undefined);
    return dead !== undefined;
  }

  /** An execve has left a task without a program: lets it die of that. */
  inExecve(task: RecordedTask, call: Call): void {
    task.exiting = call.registers;
    task.call = undefined;
    this.recording.schedule.block(task);
    this.gone(task, this.tracer.dieOfSignals(task.tid));
  }

  /** A thread is about to succeed with an execve: all others are dead, and it has taken the leader's place. */
  deThread(task: RecordedTask): void {
    const { process } = task;
    const { tasks } = this.recording;
    if (task.tid === process.pid) return;
    const leader = tasks.get(process.pid);
    if (leader) this.gone(leader, 0);
    process.leaderless = false;
    tasks.delete(task.tid);
    task.tid = process.pid;
    tasks.set(task.tid, task);
  }

  /** A task is dead. */
  gone(task: RecordedTask, status: number): void {
    const { process } = task;
    const alone = process.tasks.size === 1 && process.space.users === 1;
    const outlives = ({ address }: MemoryWrite): boolean =>
      !alone || task.space.mappings.find(address)?.shared === true;
    const writes = task.robustFutexWrites.filter(outlives);
    if (task.clearTid !== 0 && !alone) writes.push({ address: task.clearTid, bytes: new Uint8Array(4) });
    // Killed in a system call it still came that far; killed anywhere else, only its last event is known.
    const registers = task.exiting ?? task.call?.registers ?? new BigUint64Array(REGISTER_COUNT);
    // Killed before its first instruction it never was, for the trace.
    if (this.recording.totals.events > 0) {
      this.recording.emit(task, {
        kind: "exit",
        task: task.id,
        ticks: task.ticks,
        registers,
        status,
        writes,
      });
    }
    this.recording.schedule.block(task);
    this.recording.forget(task);
    const isLast = process.tasks.size === 0;
    const end = isLast && process.leaderless ? this.buryLeader(process) : status;
    this.recording.traced.ended(task, status, isLast ? end : undefined);
    if (!isLast) return;
    if (process === this.root) this.rootStatus = end;
    process.space.leave();
  }

  /** The threads of a zombie are gone, so that it can be waited for; it has the status of the process. */
  private buryLeader(process: RecordedProcess): number {
    const stopped = this.tracer.waitFor(process.pid);
    invariant(stopped === process.pid, `a zombie can't be waited for (${stopped})`);
    const { found } = this.tracer;
    invariant(found.kind === "ended", `a zombie that has stopped (${found.kind})`);
    return found.status;
  }
}
