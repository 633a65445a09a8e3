/** Tasks and processes of a recording come: births, and new programs. `deaths.ts` tells how they go. */

import { CLONE, getEventMessage, setSigMask } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import { awaitFirstStop, isThread, spaceOfChild } from "../session/births.ts";
import { programPc } from "../tracee/position.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import { asksFor, cloneRequest } from "./clone-request.ts";
import { DescriptorTable } from "./descriptors/table.ts";
import { postExec } from "./post-exec.ts";
import { RecordedProcess, RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** Starts the first task, and takes over each task and each new program that comes of it. */
export class Lifecycle {
  /** Children that stopped before their parent's event did. */
  private readonly early = new Set<number>();

  /**
   * @param first The task that the recording begins with, at its first instruction.
   */
  constructor(
    private readonly recording: Recording,
    private readonly first: RecordedTask,
  ) {
    recording.tasks.set(first.tid, first);
    recording.schedule.add(first);
  }

  private get tracer(): Tracer {
    return this.recording.tracer;
  }

  /** The process that the recording begins with. */
  get root(): RecordedProcess {
    return this.first.process;
  }

  /** A task that nobody knows has stopped: its parent's event will tell whose child it is. */
  stoppedEarly(tid: number): void {
    this.early.add(tid);
  }

  /** A task stands at the first instruction of a new program. */
  onExec(task: RecordedTask): void {
    this.tracer.mapper.serve(task);
    const adopted = postExec(this.tracer, task, this.recording.files);
    const registers = task.view(programPc(task.position));
    this.recording.emit(task, { kind: "exec", task: task.id, ticks: task.ticks, registers, ...adopted });
  }

  /** An execve has succeeded: the task has a new space and a new cache space, and is the leader of its process. */
  replaceProgram(task: RecordedTask): void {
    const { process } = task;
    this.tracer.replaceSpace(task);
    process.actions = process.actions.clone();
    process.actions.afterExec();
    // set_personality_64bit in arch/x86/kernel/process_64.c, Linux 6.18.
    process.readImpliesExec = false;
    task.descriptors = new DescriptorTable();
    task.clearTid = 0;
    task.robustList = 0;
    task.restartable = undefined;
    this.recording.interceptors.replaced(task);
    this.onExec(task);
    task.id = process.id;
    task.returnedTo = -1;
  }

  /** The kernel has made a new task, in the name of one that is in a clone, fork or vfork. */
  onClone(parent: RecordedTask, call: Call): RecordedTask {
    const tid = getEventMessage(parent.tid);
    if (!this.early.delete(tid)) {
      awaitFirstStop(this.tracer, tid);
    }
    const request = cloneRequest(call);
    invariant(request, `system call ${call.number} has made a task`);
    const flags = request.flags % 2 ** 32;
    const shares = (flag: number): boolean => asksFor(request, flag);
    const process = isThread(flags)
      ? parent.process
      : new RecordedProcess(
          tid,
          spaceOfChild(parent, tid, flags),
          shares(CLONE.SIGHAND) ? parent.process.actions : parent.process.actions.clone(),
          shares(CLONE.PARENT) ? parent.process.parent : parent.process,
          parent,
        );
    if (shares(CLONE.CLEAR_SIGHAND)) process.actions.afterExec();
    process.fixedLayout = parent.process.fixedLayout;
    process.readImpliesExec = parent.process.readImpliesExec;
    const child = new RecordedTask(tid, process, this.recording.keeper);
    this.recording.tasks.set(tid, child);
    this.tracer.takeNewborn(child);
    // Signals that its parent is kept from are not the child's business.
    if (parent.savedMask !== undefined) setSigMask(tid, parent.savedMask);
    child.cacheSpace = parent.space.cacheSpace;
    child.leaveCallAt(call.next);
    // It has the registers that its parent made the call with, not those that the kernel was shown.
    for (const { argument, value } of call.changed) child.setArgument(argument, value);
    child.position = { kind: "cache", pc: call.next };
    // It begins in the midst of a translation that its parent single-steps.
    if (child.stepsItself) child.jumpTo(call.next);
    // A step that its parent's tracer has asked for is not the child's.
    if (parent.tracing?.steps) child.forgetTrapFlag();
    child.choseProcessors = parent.choseProcessors;
    child.descriptors = shares(CLONE.FILES) ? parent.descriptors : new DescriptorTable();
    child.trap = { blocked: parent.trap.blocked, pending: undefined };
    child.lastFault = parent.lastFault;
    // rseq_fork in include/linux/rseq.h, Linux 6.18.
    if (!shares(CLONE.VM) && parent.restartable) child.restartable = { ...parent.restartable };
    child.clearTid = shares(CLONE.CHILD_CLEARTID) ? request.childTid : 0;
    // Memory that both share is written before the child runs, and the parent's own event may come later.
    const written = [
      shares(CLONE.CHILD_SETTID) && this.recording.snapshot(child.space, request.childTid, 4),
      shares(CLONE.PARENT_SETTID) &&
        shares(CLONE.VM) &&
        this.recording.snapshot(child.space, request.parentTid, 4),
    ];
    this.recording.emit(parent, {
      kind: "clone",
      task: parent.id,
      ticks: parent.ticks,
      registers: call.registers,
      child: tid,
      childProcess: process.id,
      flags,
      after: child.view(call.next),
      writes: written.filter((write) => write !== undefined && write !== false),
    });
    this.recording.interceptors.born(parent, child);
    this.recording.schedule.add(child);
    return child;
  }

  /** Ends whatever is left of the recording. */
  killAll(): void {
    const left = [...this.recording.tasks.values()];
    for (const task of left) this.recording.totals.ticks += task.ticks;
    this.tracer.killAll(new Set([...left.map(({ process }) => process.pid), ...this.early]));
  }
}
