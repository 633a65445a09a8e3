/** Tasks and processes of a replay come and go, as the recording says. */
import {
  CLONE,
  getEventMessage,
  kill,
  openMemory,
  PTRACE,
  SIG,
  SYSCALLS,
  setOptions,
} from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import type { Totals } from "../outcome.ts";
import type { CloneEvent, ExecEvent, ExitEvent } from "../trace/events.ts";
import { TRACE_OPTIONS } from "../trace-options.ts";
import { TaskGone } from "../tracee/controller.ts";
import { REGION_SIZE } from "../tracee/image.ts";
import { intoKernel, RIP } from "../tracee/registers.ts";
import { Process } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { CONTEXT_BASE, CONTEXT_SIZE } from "../translate/context.ts";
import type { Navigator } from "./navigator.ts";
import type { Rebuilder } from "./rebuild.ts";
import { ReplayedTask } from "./replayed-task.ts";

/** The program that every process starts as. */
export interface Blank {
  /** Path of its file (see `blank.ts`). */
  path: string;
  /** Starts it, traced; returns its process. */
  spawn: () => number;
}

/** See the file's head. */
export class Lifecycle {
  /** Living tasks, by their thread ids in the recording. */
  readonly tasks = new Map<number, ReplayedTask>();
  /** The task that an injected clone has made. */
  private newborn = 0;

  constructor(
    private readonly tracer: Tracer,
    private readonly navigator: Navigator,
    private readonly rebuilder: Rebuilder,
    private readonly blank: Blank,
    private readonly totals: Totals,
  ) {
    tracer.onStrayStop = (task, status) => {
      if (status >> 16 !== 0) this.newborn = getEventMessage(task.tid);
    };
  }

  /** The first process begins: as a blank page. */
  firstProgram(event: ExecEvent): void {
    const pid = this.blank.spawn();
    const stopped = this.tracer.waitFor(pid);
    invariant(stopped === pid, `the blank program can't be waited for (${stopped})`);
    setOptions(pid, TRACE_OPTIONS);
    const task = new ReplayedTask(event.task, pid, new Process(event.task, pid, this.tracer.newSpace(pid)));
    this.tasks.set(task.id, task);
    this.tracer.takeRegisters(task);
    this.build(task, event);
  }

  /** An execve that succeeded: the process becomes blank, and then the new program. */
  program(task: ReplayedTask, event: ExecEvent): void {
    this.navigator.toExec(task, event);
    const { image } = task.space;
    const path = this.tracer.mapper.scratchString(image, this.blank.path);
    task.set("rdi", path);
    task.set("rsi", 0);
    task.set("rdx", 0);
    task.set("rax", SYSCALLS.execve);
    task.set("orig_rax", 0xffffffffffffffffn);
    task.set("rip", image.cache.syscallGadget);
    // First the event stop inside execve, then the blank program's own trap.
    this.tracer.release(task, PTRACE.CONT);
    // By now it is the leader, whatever it was before; one that had left its place to its threads is no more.
    task.tid = task.process.pid;
    const stopped = this.tracer.waitFor(task.tid);
    invariant(stopped === task.tid, `the blank program can't be waited for (${stopped})`);
    this.tasks.delete(task.id);
    task.id = task.process.id;
    this.tasks.set(task.id, task);
    this.tracer.takeRegisters(task);
    const status = this.tracer.advance(task, PTRACE.CONT);
    invariant(status >> 8 === SIG.SIGTRAP, "the blank program can't be executed");
    task.process.space.leave();
    task.process.space = this.tracer.newSpace(task.tid);
    this.build(task, event);
  }

  /** Builds the recorded address space around a blank program. */
  private build(task: ReplayedTask, event: ExecEvent): void {
    const { space } = task;
    for (const mapping of event.mappings) space.mappings.add({ ...mapping });
    space.brkStart = space.brkEnd = event.brk;
    const pc = Number(event.registers[RIP]!);
    this.tracer.mapper.serve(task);
    this.tracer.mapper.adopt(task, task.number("rip"), pc, event.path);
    const { regions } = space.image;
    this.rebuilder.clear(task, [
      { start: CONTEXT_BASE, end: CONTEXT_BASE + CONTEXT_SIZE },
      ...regions.map(({ base }) => ({ start: base, end: base + REGION_SIZE })),
    ]);
    this.rebuilder.populate(task, event.mappings);
    this.rebuilder.write(space, event.writes);
    intoKernel(event.registers, task.registers);
    task.set("orig_rax", 0xffffffffffffffffn);
    task.jumpTo(pc);
    task.returned = undefined;
  }

  /** A new task is made for real, with the recorded registers. */
  clone(task: ReplayedTask, event: CloneEvent): void {
    this.navigator.toSyscall(task, event);
    const shared =
      event.flags & (CLONE.VM | CLONE.FS | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD | CLONE.SYSVSEM);
    this.newborn = 0;
    const result = this.tracer.inject(task, SYSCALLS.clone, shared, 0, 0, 0, 0);
    if (result < 0 || this.newborn === 0)
      this.navigator.fail(event, task, `a new task can't be made (${result})`);
    const tid = this.newborn;
    const stopped = this.tracer.waitFor(tid);
    invariant(stopped === tid, `the new task ${tid} can't be waited for (${stopped})`);
    const isThread = (event.flags & CLONE.THREAD) !== 0;
    const sharesMemory = (event.flags & CLONE.VM) !== 0;
    const process = isThread
      ? task.process
      : new Process(event.childProcess, tid, sharesMemory ? task.space : task.space.fork(openMemory(tid)));
    if (!isThread && sharesMemory) task.space.users++;
    const child = new ReplayedTask(event.child, tid, process);
    this.tasks.set(child.id, child);
    this.tracer.takeRegisters(child);
    this.rebuilder.write(child.space, event.writes);
    intoKernel(event.after, child.registers);
    child.set("orig_rax", 0xffffffffffffffffn);
    child.jumpTo(Number(event.after[RIP]!));
  }

  /** A task is gone. */
  exit(task: ReplayedTask, event: ExitEvent): void {
    // A task that was killed from outside has no place to compare.
    if (event.registers[RIP] !== 0n) this.navigator.toSyscall(task, event);
    const { process } = task;
    this.rebuilder.write(task.space, event.writes);
    this.tasks.delete(task.id);
    process.tasks.delete(task);
    this.totals.ticks += task.ticks;
    // A leader stays as it is until its threads have ended: the kernel would not tell of its end before.
    if (task.tid !== process.pid || process.tasks.size === 0) this.end(task);
    if (process.tasks.size > 0) return;
    if (task.tid !== process.pid) {
      kill(process.pid, SIG.SIGKILL);
      this.tracer.waitFor(process.pid);
    }
    process.space.leave();
  }

  private end(task: ReplayedTask): void {
    task.set("rip", task.space.image.cache.syscallGadget);
    task.set("rax", SYSCALLS.exit);
    task.set("orig_rax", 0xffffffffffffffffn);
    try {
      for (;;) this.tracer.advance(task, PTRACE.CONT);
    } catch (error) {
      if (!(error instanceof TaskGone)) throw error;
    }
  }

  /** Ends whatever is left of the replay. */
  killAll(): void {
    const left = [...this.tasks.values()];
    for (const task of left) this.totals.ticks += task.ticks;
    this.tracer.killAll(left);
  }
}
