/**
 * The recorder: runs one task at a time out of the code cache and writes down everything that does not follow
 * from the program itself.
 *
 * The way of an event: a task stops (`Tracer.run`), the handler here finds out what happened, does or lets happen
 * what the program asked for, and writes one event (`Recording.emit`). Between two stops nothing is recorded,
 * since nothing happens that replay would not do by itself.
 */
import {
  CLONE,
  getEventMessage,
  kill,
  openMemory,
  PTRACE,
  PTRACE_EVENT,
  SIG,
  SIGINFO,
  SYSCALL_STOP,
  SYSCALLS,
  tgkill,
  WAIT,
} from "../../ffi/mod.ts";
import { EngineError, invariant } from "../engine-error.ts";
import { emulate } from "../instructions.ts";
import { type MemoryWrite, REGISTER_COUNT, REGISTER_NAMES } from "../trace/events.ts";
import { AddressSpace } from "../tracee/address-space.ts";
import { faultingState } from "../tracee/fault.ts";
import { Image } from "../tracee/image.ts";
import { RAX, RCX, RIP } from "../tracee/registers.ts";
import type { Standing } from "../tracee/task.ts";
import { TaskGone } from "../tracee/tracer.ts";
import { adoptProgram } from "./adopt.ts";
import { Call } from "./call.ts";
import type { EndPolicy } from "./end-policy.ts";
import { RecordedProcess, RecordedTask, type Recording } from "./recording.ts";
import type { DeliveryPoint, SignalRecorder } from "./signal-recorder.ts";
import type { SyscallRecorder } from "./syscall-recorder.ts";

/** Ticks per counter that a task may run while others wait for their turn. */
const SLICE = 500_000;
/** The same for a task that is alone. */
const LONG_SLICE = 50_000_000;
const EINTR = -4;
const ECHILD = -10;
/** Times that a blocking call is looked after before another task takes over. */
const PATIENCE = 20;

/** How a recording came to its end. */
export interface RecordingEnd {
  reason: "exited" | "interrupted" | "unsupported";
  /** Wait status of the first process, or the signal that interrupted the recording. */
  status: number;
  message: string;
}

/** The program asked for something that can't be recorded. */
export class Unsupported extends Error {}

/** See the file's head. */
export class Recorder {
  private readonly ready: RecordedTask[] = [];
  private root: RecordedProcess | undefined;
  private rootStatus = 0;
  /** The signal that the recording is to end by, as soon as a point is reached; else 0. */
  private stopping = 0;

  constructor(
    private readonly recording: Recording,
    private readonly signals: SignalRecorder,
    private readonly syscalls: SyscallRecorder,
    private readonly policy: EndPolicy,
  ) {
    recording.tracer.onStrayStop = (task, status) => this.strayStop(task as RecordedTask, status);
  }

  private get tracer() {
    return this.recording.tracer;
  }

  /** Records from the exec stop of the first process to the end of the last one. */
  run(first: RecordedTask): RecordingEnd {
    this.root = first.process;
    this.recording.tasks.set(first.tid, first);
    this.makeReady(first);
    try {
      this.adopt(first);
      while (this.recording.tasks.size > 0) {
        const task = this.next();
        if (task) this.step(task);
        else this.waitForAny(0);
      }
    } catch (error) {
      if (error instanceof Interrupted) {
        this.recording.mark(undefined);
        return { reason: "interrupted", status: this.stopping, message: "the recorder was told to stop" };
      }
      if (error instanceof Unsupported || error instanceof EngineError) {
        return { reason: "unsupported", status: 0, message: error.message };
      }
      throw error;
    } finally {
      for (const task of this.recording.tasks.values()) this.recording.totals.ticks += task.ticks;
      this.killAll();
    }
    return { reason: "exited", status: this.rootStatus, message: "" };
  }

  // Scheduling

  /** The task to run now: ready ones take turns; tasks whose system calls have ended join them first. */
  private next(): RecordedTask | undefined {
    if (this.ready.length < this.recording.tasks.size) {
      while (this.waitForAny(WAIT.NOHANG));
    }
    return this.ready[0];
  }

  private makeReady(task: RecordedTask): void {
    task.state = "ready";
    this.ready.push(task);
  }

  private block(task: RecordedTask): void {
    task.state = "blocked";
    const at = this.ready.indexOf(task);
    if (at >= 0) this.ready.splice(at, 1);
  }

  private rotate(): void {
    const first = this.ready.shift();
    if (first) this.ready.push(first);
  }

  /**
   * Waits for a task that is blocked in the kernel.
   *
   * @returns False if none stopped (with NOHANG).
   */
  private waitForAny(options: number): boolean {
    const { control } = this.tracer;
    if (options === 0) this.recording.writer.maybeFlush();
    const tid = control.wait(-1, options);
    if (tid === 0) return false;
    if (tid === EINTR) {
      this.interrupted();
      return true;
    }
    if (tid === ECHILD) throw new Error("engine invariant broken: no tracee is left to wait for");
    invariant(tid > 0, `wait failed with ${tid}`);
    const task = this.recording.tasks.get(tid);
    if (!task) {
      // A child whose birth has not been reported yet: its parent's event stop will find it stopped.
      this.early.add(tid);
      return true;
    }
    const { status } = control;
    if ((status & 0xff) !== 0x7f) {
      this.gone(task, status);
      return true;
    }
    this.tracer.takeRegisters(task);
    if (this.inCall(task, status) === "more") this.tracer.release(task, PTRACE.SYSCALL);
    return true;
  }

  /** Children that stopped before their parent's event did. */
  private readonly early = new Set<number>();

  /**
   * The recorder was signalled.
   *
   * @param running The task that runs in user mode, if one does.
   * @throws Interrupted when the recording is to end at once.
   */
  private interrupted(running?: RecordedTask): void {
    const signal = this.tracer.takeInterrupt();
    const ending = signal === 0 ? 0 : this.policy.received(signal, this.root!.pid);
    if (ending === 0) return;
    const again = this.stopping !== 0;
    this.stopping = ending;
    if (!running || again) throw new Interrupted();
    // It is somewhere in a translation: a stop brings it to the next point that replay can find.
    tgkill(running.process.pid, running.tid, SIG.SIGSTOP);
  }

  /** A task has come to a point: the place to end at, if the recording is to end. */
  private arrived(task: RecordedTask, standing: Standing): void {
    this.recording.ran(task, standing);
    if (this.stopping !== 0) throw new Interrupted();
  }

  /** Runs a task up to its next stop and acts on that. */
  private step(task: RecordedTask): void {
    try {
      this.tracer.serve(task);
      this.recording.mark(task);
      const slice = this.recording.tasks.size > 1 ? SLICE : LONG_SLICE;
      if (!task.running) this.tracer.arm(task, () => (task.held.length > 0 ? 1 : slice), task.held.length > 0 ? 1 : slice);
      const stop = this.tracer.run(task, PTRACE.SYSCALL);
      switch (stop.kind) {
        case "poll":
          this.poll(task, stop.trap.counter, stop.trap.pc);
          break;
        case "syscall":
          this.enter(task);
          break;
        case "signal":
          this.signal(task, stop.signal);
          break;
        case "instruction":
          this.instruction(task, stop.trap);
          break;
        case "gone":
          this.gone(task, stop.status);
          break;
        case "event":
          throw new Error(`engine invariant broken: event ${stop.event} outside of a system call`);
        case "interrupted":
          this.interrupted(task);
          break;
      }
    } catch (error) {
      if (!(error instanceof TaskGone)) throw error;
      this.gone(error.task as RecordedTask, error.status);
    }
  }

  private poll(task: RecordedTask, point: "tick" | "jump", pc: number): void {
    const registers = task.view(pc);
    this.arrived(task, { point, registers });
    this.recording.writer.maybeFlush();
    if (task.held.length > 0) this.deliverHeld(task, { point, registers, atSignalStop: true });
    else this.rotate();
  }

  private deliverHeld(task: RecordedTask, at: DeliveryPoint): void {
    const held = task.held.shift();
    invariant(held, "no signal is held");
    const delivery = this.signals.deliver(task, held, at);
    if (delivery === "dying") this.reap(task);
  }

  // Signals

  private signal(task: RecordedTask, signal: number): void {
    const { siginfo, fault, address } = this.tracer.signalInfo(task);
    if (fault) {
      this.fault(task, signal, siginfo, address);
      return;
    }
    const rip = task.number("rip");
    if (rip === task.returnedTo) {
      const site = task.space.image.cache.syscallAt(rip);
      invariant(site, "return to a place that is no system call");
      const registers = task.view(site.next);
      registers[RCX] = BigInt(site.next);
      const delivery = this.signals.deliver(task, { signal, siginfo }, { point: "return", registers, atSignalStop: true });
      if (delivery === "dying") this.reap(task);
      return;
    }
    this.signals.hold(task, { signal, siginfo });
    task.returnedTo = -1;
  }

  private fault(task: RecordedTask, signal: number, siginfo: Uint8Array, address: number): void {
    if (signal === SIG.SIGSEGV && this.tracer.unguard(task, address)) return;
    const rip = task.number("rip");
    this.tracer.settle(task);
    const { pc, registers } = faultingState(task);
    // SIGILL, SIGFPE and SIGTRAP say where the instruction is: the program knows it by its app pc.
    if (address === rip) new DataView(siginfo.buffer).setBigUint64(SIGINFO.si_addr, BigInt(pc), true);
    const delivery = this.signals.deliver(task, { signal, siginfo }, { point: "fault", registers, atSignalStop: true });
    if (delivery === "dying") this.reap(task);
  }

  /** A stop that got in the way of an injected system call. */
  private strayStop(task: RecordedTask, status: number): void {
    const signal = (status >> 8) & 0xff;
    invariant(status >> 16 === 0, `event ${status >> 16} in an injected system call`);
    this.signals.hold(task, { signal, siginfo: this.tracer.signalInfo(task).siginfo });
  }

  // Instructions

  private instruction(
    task: RecordedTask,
    trap: { action: string; name: string; pc: number; length: number },
  ): void {
    const bytes = task.space.memory.read(trap.pc, trap.length || 1).slice();
    const before = task.view(trap.pc);
    if (trap.action === "breakpoint") {
      this.breakpoint(task, trap.pc + trap.length);
      return;
    }
    const after = trap.action === "emulate" ? emulate(trap.name, { bytes, length: trap.length }, before) : undefined;
    if (!after) {
      throw new Unsupported(
        `the instruction ${trap.name} at 0x${trap.pc.toString(16)} can't be recorded by the embedded engine yet`,
      );
    }
    this.recording.emit(task, {
      kind: "instruction",
      task: task.id,
      ticks: task.ticks,
      registers: before,
      name: trap.name,
      after,
    });
    after.forEach((value, i) => {
      if (value !== before[i] && i !== RIP) task.set(REGISTER_NAMES[i]!, value);
    });
  }

  /** The program's own int3: SIGTRAP with the pc behind it. */
  private breakpoint(task: RecordedTask, next: number): void {
    const siginfo = this.tracer.signalInfo(task).siginfo;
    const delivery = this.signals.deliver(
      task,
      { signal: SIG.SIGTRAP, siginfo },
      { point: "fault", registers: task.view(next), atSignalStop: true },
    );
    if (delivery === "dying") this.reap(task);
  }

  // System calls

  /** A task has come to a system call. */
  private enter(task: RecordedTask): void {
    const rip = task.number("rip");
    const site = task.space.image.cache.syscallAt(rip);
    invariant(site, `a system call outside of the code cache at 0x${rip.toString(16)}`);
    const registers = task.view(site.pc);
    const number = Number(BigInt.asIntN(32, task.get("orig_rax")));
    registers[RAX] = task.get("orig_rax");
    registers[RCX] = BigInt(site.next);
    this.arrived(task, { point: "syscall", registers });
    task.returnedTo = -1;
    if (task.held.length > 0) {
      this.cancel(task);
      task.set("rax", registers[RAX]!);
      task.set("rcx", registers[RCX]!);
      this.deliverHeld(task, { point: "syscall", registers, atSignalStop: false });
      // Ignored signals leave the task in front of its call; handlers return to it.
      if (task.appPc === undefined) task.jumpTo(site.pc);
      return;
    }
    const call = this.syscalls.begin(task, number, site, registers);
    task.call = call;
    if (call.number === SYSCALLS.exit || call.number === SYSCALLS.exit_group) {
      this.exit(task, call);
      return;
    }
    const answer = this.syscalls.answer(task, call);
    if (answer !== undefined) {
      this.cancel(task);
      task.set("rax", answer);
      this.finish(task, call);
      return;
    }
    this.syscalls.prepare(task, call);
    this.perform(task, call);
  }

  /** Lets the system call that a task has entered come to nothing. */
  private cancel(task: RecordedTask): void {
    task.set("orig_rax", 0xffffffffffffffffn);
    this.tracer.flush(task);
    const { control } = this.tracer;
    let stopped = control.resumeAndWait(PTRACE.SYSCALL, task.tid, 0, task.tid, 0);
    while (stopped === EINTR) {
      this.tracer.postponeInterrupt();
      stopped = control.wait(task.tid, 0);
    }
    if ((control.status & 0xff) !== 0x7f) throw new TaskGone(task, control.status);
    invariant(control.status >> 8 === (SIG.SIGTRAP | SYSCALL_STOP), "a cancelled system call that does not end");
    this.tracer.takeRegisters(task);
  }

  /** Lets the kernel do the call; a call that may sleep makes room for other tasks. */
  private perform(task: RecordedTask, call: Call): void {
    const { control } = this.tracer;
    this.tracer.flush(task);
    if (this.syscalls.maySleep(task, call)) {
      this.block(task);
      this.tracer.release(task, PTRACE.SYSCALL);
      for (let i = 0; i < PATIENCE; i++) {
        const stopped = control.wait(task.tid, WAIT.NOHANG);
        if (stopped === task.tid) {
          this.afterWait(task, control.status);
          break;
        }
        if (stopped < 0) break;
      }
      return;
    }
    for (;;) {
      const stopped = control.resumeAndWait(PTRACE.SYSCALL, task.tid, 0, task.tid, 0);
      if (stopped === EINTR) {
        this.block(task);
        task.running = true;
        this.interrupted();
        return;
      }
      if ((control.status & 0xff) !== 0x7f) {
        this.gone(task, control.status);
        return;
      }
      this.tracer.takeRegisters(task);
      if (this.inCall(task, control.status) === "done") return;
      this.tracer.flush(task);
    }
  }

  private afterWait(task: RecordedTask, status: number): void {
    if ((status & 0xff) !== 0x7f) {
      this.gone(task, status);
      return;
    }
    this.tracer.takeRegisters(task);
    if (this.inCall(task, status) === "more") this.tracer.release(task, PTRACE.SYSCALL);
  }

  /** A stop of a task that is in a system call. @returns `more` if the call has not ended. */
  private inCall(task: RecordedTask, status: number): "more" | "done" {
    const { call } = task;
    invariant(call, `task ${task.tid} stopped (status 0x${status.toString(16)}) without having been resumed`);
    const signal = (status >> 8) & 0xff;
    const event = status >> 16;
    if (event === PTRACE_EVENT.EXEC) {
      call.replaced = true;
      return "more";
    }
    if (event !== 0) {
      this.birth(task, call);
      return "more";
    }
    if (signal === (SIG.SIGTRAP | SYSCALL_STOP)) {
      if (call.restarting) {
        // The kernel restarted the call: this is its entry once more.
        call.restarting = false;
        return "more";
      }
      const result = Number(BigInt.asIntN(64, task.get("rax")));
      if (result <= -512 && result >= -516) {
        call.restarting = true;
        return "more";
      }
      if (task.state === "blocked") this.makeReady(task);
      this.finish(task, call);
      return "done";
    }
    return this.breakOff(task, call, signal);
  }

  /** A signal has broken off a system call. */
  private breakOff(task: RecordedTask, call: Call, signal: number): "more" | "done" {
    const siginfo = this.tracer.signalInfo(task).siginfo;
    invariant(call.restarting, `signal ${signal} in a system call that goes on`);
    for (const { register, value } of call.changed) task.set(register, value);
    task.set("rcx", call.next);
    const delivery = this.signals.deliver(
      task,
      { signal, siginfo },
      {
        point: "interrupted",
        registers: call.registers,
        atSignalStop: true,
        interrupted: { number: call.number, result: task.get("rax") },
      },
    );
    if (delivery === "ignored") {
      // Resumed without a signal, the kernel restarts the call by itself.
      return "more";
    }
    task.call = undefined;
    if (delivery === "dying") this.reap(task);
    else if (task.state === "blocked") this.makeReady(task);
    return "done";
  }

  /** A system call has ended: its event is written and the task can go on. */
  private finish(task: RecordedTask, call: Call): void {
    task.call = undefined;
    task.returnedTo = task.number("rip");
    task.resumePc = call.next;
    if (call.replaced) {
      this.replaceProgram(task);
      return;
    }
    for (const { register, value } of call.changed) task.set(register, value);
    this.syscalls.end(task, call);
    if (call.number === SYSCALLS.rt_sigreturn) {
      task.jumpTo(task.number("rip"));
      task.returnedTo = -1;
    } else if (call.number === SYSCALLS.sched_yield) {
      this.rotate();
    }
  }

  // Births and deaths

  private adopt(task: RecordedTask): void {
    this.tracer.serve(task);
    const { path, brk, mappings, writes } = adoptProgram(this.tracer, task, this.recording.writer);
    const registers = task.view(task.appPc!);
    this.recording.emit(task, {
      kind: "exec",
      task: task.id,
      ticks: task.ticks,
      registers,
      path,
      brk,
      mappings,
      writes,
    });
  }

  /** An execve has succeeded: the task has a new space and a new image. */
  private replaceProgram(task: RecordedTask): void {
    const { process } = task;
    leaveSpace(process);
    process.space = this.newSpace(task.tid);
    process.actions = process.actions.clone();
    process.actions.afterExec();
    process.streams.clear();
    task.clearTid = 0;
    this.adopt(task);
    task.returnedTo = -1;
  }

  /** A fresh address space with a fresh image. */
  newSpace(tid: number): AddressSpace {
    return new AddressSpace(openMemory(tid), new Image((image) => this.tracer.cacheHost(image)));
  }

  /** The kernel has made a new task. */
  private birth(parent: RecordedTask, call: Call): void {
    const tid = getEventMessage(parent.tid);
    const { control } = this.tracer;
    if (!this.early.delete(tid)) {
      let stopped = EINTR;
      while (stopped === EINTR) {
        stopped = control.wait(tid, 0);
        if (stopped === EINTR) this.tracer.postponeInterrupt();
      }
      invariant(stopped === tid, `the new task ${tid} can't be waited for (${stopped})`);
    }
    const flags = cloneFlags(call);
    const shares = (flag: number): boolean => (flags & flag) !== 0;
    const process = shares(CLONE.THREAD)
      ? parent.process
      : new RecordedProcess(
          tid,
          shares(CLONE.VM) ? parent.space : parent.space.fork(openMemory(tid)),
          shares(CLONE.SIGHAND) ? parent.process.actions : parent.process.actions.clone(),
        );
    if (!shares(CLONE.THREAD) && shares(CLONE.VM)) parent.space.users++;
    const child = new RecordedTask(tid, process);
    this.recording.tasks.set(tid, child);
    this.tracer.readRegisters(child);
    child.image = parent.space.image;
    child.set("rcx", call.next);
    child.resumePc = call.next;
    child.clearTid = shares(CLONE.CHILD_CLEARTID) ? call.argument(3) : 0;
    // Memory that both share is written before the child runs, and the parent's own event may come later.
    const written = [
      shares(CLONE.CHILD_SETTID) && this.recording.snapshot(child.space, call.argument(3), 4),
      shares(CLONE.PARENT_SETTID) && shares(CLONE.VM) && this.recording.snapshot(child.space, call.argument(2), 4),
    ];
    const after = child.view(call.next);
    this.recording.emit(parent, {
      kind: "clone",
      task: parent.id,
      ticks: parent.ticks,
      registers: call.registers,
      child: tid,
      childProcess: process.id,
      flags,
      after,
      writes: written.filter((write) => write !== undefined && write !== false),
    });
    this.makeReady(child);
  }

  private exit(task: RecordedTask, call: Call): void {
    task.exiting = call.registers;
    const { process } = task;
    this.block(task);
    const group = call.number === SYSCALLS.exit_group;
    this.tracer.release(task, PTRACE.CONT);
    if (group || process.tasks.size === 1) this.reap(task);
    else if (task.tid !== process.pid) this.awaitDeath(task);
    // A leader that leaves its threads behind stays as a zombie: its death is reported when they are gone.
  }

  /** Waits until all tasks of a dying process are gone; the leader comes last. */
  private reap(dying: RecordedTask): void {
    const { process } = dying;
    this.block(dying);
    const leaderLast = [...process.tasks].sort((a, b) => Number(a.tid === process.pid) - Number(b.tid === process.pid));
    for (const task of leaderLast) this.awaitDeath(task as RecordedTask);
  }

  private awaitDeath(task: RecordedTask): void {
    const { control } = this.tracer;
    for (;;) {
      const stopped = control.wait(task.tid, 0);
      if (stopped === EINTR) {
        this.tracer.postponeInterrupt();
        continue;
      }
      if (stopped === ECHILD) return;
      invariant(stopped === task.tid, `a dying task can't be waited for (${stopped})`);
      if ((control.status & 0xff) !== 0x7f) {
        this.gone(task, control.status);
        return;
      }
      // A stop that was on its way before the death: the task dies when it goes on.
      this.tracer.control.resume(PTRACE.CONT, task.tid, 0);
    }
  }

  /** A task is dead. */
  private gone(task: RecordedTask, status: number): void {
    const { process } = task;
    const alone = process.tasks.size === 1 && process.space.users === 1;
    const writes: MemoryWrite[] = [];
    if (task.clearTid !== 0 && !alone) writes.push({ address: task.clearTid, bytes: new Uint8Array(4) });
    // Killed in a system call it still came that far; killed anywhere else, only its last event is known.
    const registers = task.exiting ?? task.call?.registers ?? new BigUint64Array(REGISTER_COUNT);
    if (registers[RIP] === 0n) task.ticks = task.markedTicks;
    this.recording.emit(task, { kind: "exit", task: task.id, ticks: task.ticks, registers, status, writes });
    this.block(task);
    this.recording.forget(task);
    if (process.tasks.size > 0) return;
    if (process === this.root) this.rootStatus = status;
    leaveSpace(process);
  }

  private killAll(): void {
    const { control } = this.tracer;
    const processes = new Set([...this.recording.tasks.values()].map((task) => task.process.pid));
    for (const pid of processes) {
      try {
        kill(pid, SIG.SIGKILL);
      } catch {
        // Gone already: that is what was wanted.
      }
    }
    while (processes.size > 0) {
      const tid = control.wait(-1, 0);
      if (tid === EINTR) this.tracer.postponeInterrupt();
      else if (tid < 0) break;
    }
  }
}

/** The recording ends at the user's wish. */
export class Interrupted extends Error {}

function leaveSpace(process: RecordedProcess): void {
  process.space.users--;
  if (process.space.users === 0) process.space.dispose();
}

/** CLONE_* flags of a call that makes a task. */
function cloneFlags(call: Call): number {
  if (call.number === SYSCALLS.fork) return 0;
  if (call.number === SYSCALLS.vfork) return CLONE.VM | CLONE.VFORK;
  return call.argument(0) % 2 ** 32;
}
