/** Tasks and processes of a replay come and go, as the recording says. */

import { getEventMessage, kill, PTRACE, SIG, SYSCALLS, setOptions } from "../../ffi/mod.ts";
import { pcOf } from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import type { Totals } from "../outcome.ts";
import { awaitFirstStop, isThread, spaceOfChild } from "../session/births.ts";
import { TRACE_OPTIONS } from "../session/trace-options.ts";
import type { CloneEvent, ExecEvent, ExitEvent } from "../trace/events.ts";
import { TaskGone } from "../tracee/controller.ts";
import { Process, type Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { FIXED_SIZE } from "../translate/context.ts";
import { ImpossibleEvent } from "./bounds.ts";
import type { CallFeed } from "./call-feed.ts";
import { SHARED_BY_CLONE } from "./call-filter.ts";
import type { Confinement } from "./confinement.ts";
import type { Navigator } from "./navigator.ts";
import type { Rebuilder } from "./rebuild.ts";
import { ReplayedTask, type TaskKeeper } from "./replayed-task.ts";

/** Where the blank program has a `syscall; int3`, from its entry on (see `blank.ts`). */
const GADGET_BEHIND_ENTRY = 1;

/** Most tasks that live at a time: more than programs have, and memory can hold them. */
const MAX_TASKS = 10_000;

/** Starts the program that every process begins as (see `blank.ts`), traced; returns its process. */
export type SpawnBlank = () => number;

/** Makes and ends the tasks and processes of a replay. */
export class Lifecycle {
  /** Living tasks, by their thread ids in the recording. */
  readonly tasks = new Map<number, ReplayedTask>();
  /** Real processes that are not known to be gone, so that none outlives the replay. */
  readonly processes = new Set<number>();
  /** What tasks of this replay tell. */
  readonly keeper: TaskKeeper;
  /** The task that an injected clone has made. */
  private newborn = 0;

  constructor(
    private readonly tracer: Tracer,
    private readonly navigator: Navigator,
    private readonly rebuilder: Rebuilder,
    private readonly spawnBlank: SpawnBlank,
    private readonly confinement: Confinement,
    private readonly totals: Totals,
    calls: CallFeed,
  ) {
    tracer.hold(this.processes);
    this.keeper = {
      prepareCalls: (task) => calls.prepare(task),
      strayStop: ({ tid }, { kind }) => {
        if (kind === "birth") this.newborn = getEventMessage(tid);
      },
    };
  }

  /** The first process begins: as a blank page. */
  firstProgram(event: ExecEvent): void {
    const pid = this.startBlank();
    const process = new Process<ReplayedTask>(event.task, pid, this.tracer.newSpace(pid));
    const task = new ReplayedTask(event.task, pid, process, this.keeper);
    this.tasks.set(task.id, task);
    this.begin(task, event);
  }

  /**
   * An execve that succeeded. A process that is confined can't execute anything: another one takes its place, and
   * begins as a blank page like the first one.
   */
  program(task: ReplayedTask, event: ExecEvent): void {
    this.navigator.toExec(task, event);
    const { process } = task;
    for (const thread of process.tasks) this.tasks.delete(thread.id);
    this.endProcess(process);
    process.space.leave();
    const pid = this.startBlank();
    // The task is the leader from now on, whatever it was before.
    task.process = new Process<ReplayedTask>(process.id, pid, this.tracer.newSpace(pid));
    task.process.tasks.add(task);
    task.id = process.id;
    task.tid = pid;
    this.tasks.set(task.id, task);
    this.begin(task, event);
  }

  private startBlank(): number {
    const pid = this.spawnBlank();
    this.processes.add(pid);
    awaitFirstStop(this.tracer, pid);
    setOptions(pid, TRACE_OPTIONS);
    return pid;
  }

  /** Makes a task that stands at the first instruction of the blank program one that stands at the recorded one. */
  private begin(task: ReplayedTask, event: ExecEvent): void {
    this.takeFirstStop(task);
    task.armed.fill(0);
    this.confinement.confine(this.tracer, task, task.pc + GADGET_BEHIND_ENTRY);
    this.build(task, event);
  }

  /** Takes over the first stop of a task, which the last wait has found. */
  takeFirstStop(task: Task): void {
    const { kind } = this.tracer.takeStop(task);
    invariant(kind !== "ended", `task ${task.tid} has ended before it began`);
  }

  /** Kills a process and waits until nothing is left of it. */
  private endProcess(process: Process): void {
    this.endAll(process.pid, process.tasks);
    process.tasks.clear();
  }

  /** Kills a process and waits until nothing is left of it. @param tasks Its threads that live, whether its leader is among them or not. */
  endAll(pid: number, tasks: Iterable<{ tid: number }> = []): void {
    kill(pid, SIG.SIGKILL);
    // The leader can be waited for when its threads are gone.
    for (const { tid } of tasks) if (tid !== pid) this.awaitDeath(tid);
    this.awaitDeath(pid);
    this.processes.delete(pid);
  }

  /** Ends all tasks, to go on with others; what they have counted is forgotten. */
  endTasks(): void {
    const processes = new Set([...this.tasks.values()].map(({ process }) => process));
    this.tasks.clear();
    for (const process of processes) {
      this.endProcess(process);
      process.space.leave();
    }
  }

  /**
   * Makes a task for real, and waits for its first stop.
   *
   * @param by The one in whose name that is done.
   * @param gadget Address of a `syscall; int3` there.
   * @param flags What both are to share.
   * @returns The real thread id, or -errno; 0 where none was made.
   */
  makeTask(by: Task, gadget: number, flags: number): number {
    this.newborn = 0;
    const result = this.tracer.injectAt(by, gadget, SYSCALLS.clone, [flags]);
    if (result < 0) return result;
    if (this.newborn !== 0) awaitFirstStop(this.tracer, this.newborn);
    return this.newborn;
  }

  private awaitDeath(tid: number): void {
    while (this.tracer.waitFor(tid) === tid) if (this.tracer.found.kind === "ended") return;
  }

  /** Builds the recorded address space around a blank program. */
  private build(task: ReplayedTask, event: ExecEvent): void {
    const { space } = task;
    for (const mapping of event.mappings) space.mappings.add({ ...mapping });
    space.brkStart = space.brkEnd = event.brk;
    const pc = Number(pcOf(event.registers));
    this.tracer.mapper.serve(task);
    this.tracer.mapper.adopt(task, task.pc);
    const { base } = space.cacheSpace;
    this.rebuilder.clear(task, [{ start: base, end: base + FIXED_SIZE }]);
    this.rebuilder.populate(task, event.mappings);
    this.rebuilder.write(space, event.writes);
    task.load(event.registers);
    task.forgetCall();
    task.jumpTo(pc);
    task.returned = pc;
  }

  /** A new task is made for real, with the recorded registers. */
  clone(task: ReplayedTask, event: CloneEvent): void {
    this.navigator.toSyscall(task, event);
    const shared = event.flags & SHARED_BY_CLONE;
    if (this.tasks.has(event.child)) throw new ImpossibleEvent(`it makes task ${event.child} once more`);
    if (this.tasks.size >= MAX_TASKS) throw new ImpossibleEvent(`it makes more than ${MAX_TASKS} tasks`);
    const tid = this.makeTask(task, task.space.cacheSpace.cache.syscallGadget, shared);
    if (tid <= 0) this.navigator.fail(event, task, `a new task can't be made (${tid})`);
    const joins = isThread(event.flags);
    if (!joins) this.processes.add(tid);
    const process = joins
      ? task.process
      : new Process<ReplayedTask>(event.childProcess, tid, spaceOfChild(task, tid, event.flags));
    const child = new ReplayedTask(event.child, tid, process, this.keeper);
    this.tasks.set(child.id, child);
    this.takeFirstStop(child);
    this.rebuilder.write(child.space, event.writes);
    child.load(event.after);
    child.forgetCall();
    child.returned = Number(pcOf(event.after));
    child.jumpTo(child.returned);
  }

  /** A task is gone. */
  exit(task: ReplayedTask, event: ExitEvent): void {
    // A task that was killed from outside has no place to compare, but for its ticks.
    if (pcOf(event.registers) !== 0n) this.navigator.toSyscall(task, event);
    else this.navigator.toDeath(task, event);
    const { process } = task;
    this.rebuilder.write(task.space, event.writes);
    this.tasks.delete(task.id);
    process.tasks.delete(task);
    this.totals.ticks += task.ticks;
    // A leader stays as it is until its threads have ended: the kernel would not tell of its end before.
    if (task.tid !== process.pid || process.tasks.size === 0) this.end(task);
    if (process.tasks.size > 0) return;
    if (task.tid !== process.pid) this.endProcess(process);
    this.processes.delete(process.pid);
    process.space.leave();
  }

  private end(task: ReplayedTask): void {
    task.callAt(task.space.cacheSpace.cache.syscallGadget, SYSCALLS.exit);
    try {
      for (;;) this.tracer.advance(task, PTRACE.CONT);
    } catch (error) {
      if (!(error instanceof TaskGone)) throw error;
    }
  }

  /** Ends whatever is left of the replay. */
  killAll(): void {
    for (const task of this.tasks.values()) this.totals.ticks += task.ticks;
    this.tracer.killAll(this.processes);
    this.processes.clear();
    // Those that have ended by themselves have left already.
    for (const { space } of new Set([...this.tasks.values()].map(({ process }) => process))) space.leave();
  }
}
