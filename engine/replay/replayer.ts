/**
 * The replayer: takes the events of a trace one by one, runs the task that each belongs to up to the very same
 * point, checks that it got there as the recording did, and gives it the recorded outcome.
 *
 * Nothing outside is touched: system calls are answered from the trace. Only what makes tasks and memory is done
 * for real.
 */
import { writeSync } from "node:fs";
import {
  ARCH,
  CLONE,
  getEventMessage,
  getRegSet,
  kill,
  NativeBuffer,
  NT,
  openMemory,
  PROT,
  PTRACE,
  SIG,
  SYSCALL_STOP,
  SYSCALLS,
  setOptions,
  setRegSet,
} from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import { bytesSent, syscallSpec } from "../kernel/mod.ts";
import { collect } from "../output.ts";
import { Call } from "../record/call.ts";
import type {
  CloneEvent,
  EndEvent,
  ExecEvent,
  ExitEvent,
  InstructionEvent,
  Registers,
  SignalEvent,
  SwitchEvent,
  SyscallEvent,
  TraceEvent,
} from "../trace/events.ts";
import type { TraceReader } from "../trace/mod.ts";
import { TRACE_OPTIONS } from "../trace-options.ts";
import { AddressSpace } from "../tracee/address-space.ts";
import { faultingState } from "../tracee/fault.ts";
import { stopAtGadget } from "../tracee/gadget.ts";
import { Image, REGION_SIZE } from "../tracee/image.ts";
import { pageEnd } from "../tracee/mappings.ts";
import { applyMemoryCall } from "../tracee/memory-calls.ts";
import { intoKernel, RAX, RCX, RDI, RIP, RSI } from "../tracee/registers.ts";
import { Process, Task } from "../tracee/task.ts";
import { type Stop, TaskGone, Tracer } from "../tracee/tracer.ts";
import { CONTEXT_BASE, CONTEXT_SIZE, TICK_COUNTERS } from "../translate/context.ts";
import { compare, Divergence, eventName } from "./divergence.ts";
import { Rebuilder } from "./rebuild.ts";

/** A task of a replay; `id` is its thread id in the recording. */
class ReplayedTask extends Task {
  /** The system call that it stands at, unanswered. */
  site: { pc: number; next: number; number: number; registers: Registers } | undefined;
  /** App pc behind the system call that was answered last, while nothing has run since. */
  returned: number | undefined;
}

const UNLIMITED = 0x7fffffff;
/** Share of a budget that goes to the counters which were used last. */
const TRUST = 0.9;
/** Offset of the header in the XSAVE area, where XSTATE_BV says what is not in its initial state (SDM vol. 1, 13.4). */
const XSAVE_HEADER = 512;
/** An XSAVE area is no larger than this with any features of today. */
const MAX_XSAVE = 16384;

/** See the file's head. */
export class Replayer {
  private readonly tracer = new Tracer();
  private readonly tasks = new Map<number, ReplayedTask>();
  private readonly rebuilder: Rebuilder;
  private readonly xstate = NativeBuffer.map(MAX_XSAVE);
  /** Index of the event that is being replayed. */
  private index = -1;
  private newborn = 0;
  readonly totals = { events: 0, ticks: 0, signals: 0, switches: 0 };

  /**
   * @param blank Path of the blank program (see `blank.ts`).
   * @param spawn Starts it and returns its process.
   */
  constructor(
    private readonly reader: TraceReader,
    private readonly blank: string,
    private readonly spawn: () => number,
  ) {
    this.rebuilder = new Rebuilder(this.tracer, reader);
    this.tracer.onStrayStop = (task, status) => {
      if (status >> 16 !== 0) this.newborn = getEventMessage(task.tid);
    };
  }

  /**
   * Replays the whole trace.
   *
   * @returns The end event; undefined if the trace has none.
   * @throws Divergence
   */
  run(): EndEvent | undefined {
    try {
      for (let event = this.reader.next(); event; event = this.reader.next()) {
        this.index = this.reader.position;
        this.totals.events++;
        if (event.kind === "end") return event;
        this.replay(event);
      }
      return undefined;
    } finally {
      this.killAll();
      this.rebuilder[Symbol.dispose]();
      this.xstate[Symbol.dispose]();
    }
  }

  private replay(event: TraceEvent): void {
    try {
      if (event.kind === "exec" && this.tasks.size === 0) {
        this.firstProgram(event);
        return;
      }
      const task = this.tasks.get(event.task);
      if (!task)
        throw new Divergence(
          this.index,
          `event ${this.index} (${eventName(event)}) is of the unknown task ${event.task}`,
        );
      this.tracer.serve(task);
      switch (event.kind) {
        case "exec":
          this.program(task, event);
          break;
        case "syscall":
          this.syscall(task, event);
          break;
        case "switch":
          this.totals.switches++;
          this.switch(task, event);
          break;
        case "signal":
          this.totals.signals++;
          this.signal(task, event);
          break;
        case "instruction":
          this.instruction(task, event);
          break;
        case "clone":
          this.clone(task, event);
          break;
        case "exit":
          this.exit(task, event);
          break;
      }
    } catch (error) {
      if (!(error instanceof TaskGone)) throw error;
      throw new Divergence(
        this.index,
        `task ${event.task} died (wait status 0x${error.status.toString(16)}) before event ${this.index} (${eventName(event)})`,
      );
    }
  }

  // Running up to a point

  /** Lets a task run until its next stop that matters, at most up to the ticks of the event. */
  private advance(task: ReplayedTask, event: TraceEvent, arm: () => void): Stop {
    task.returned = undefined;
    for (;;) {
      arm();
      const stop = this.tracer.run(task, PTRACE.SYSEMU);
      if (stop.kind === "gone") throw new TaskGone(task, stop.status);
      if (stop.kind === "signal" && this.strayed(task, stop.signal)) continue;
      if (stop.kind === "poll" && task.ticks < event.ticks && stop.trap.counter === "tick") {
        if (isAsynchronous(event)) return stop;
        continue;
      }
      if (stop.kind === "interrupted") continue;
      return stop;
    }
  }

  /** Signals that are no part of the recording: the engine's own faults, and those of the replay's own tasks. */
  private strayed(task: ReplayedTask, signal: number): boolean {
    const info = this.tracer.signalInfo(task);
    if (signal === SIG.SIGSEGV && this.tracer.unguard(task, info.address)) return true;
    return !info.fault;
  }

  /** Counts that are left before the ticks of an event are exceeded. */
  private left(task: ReplayedTask, event: TraceEvent): number {
    return event.ticks - task.ticks - (task.poll?.counter === "tick" ? 1 : 0);
  }

  private armLoosely(task: ReplayedTask, event: TraceEvent): void {
    const left = this.left(task, event);
    this.tracer.arm(task, () => left + 1);
  }

  /** Budgets that can't overshoot: together they trap at the count behind the event's ticks at the latest. */
  private armTightly(task: ReplayedTask, event: TraceEvent): void {
    const left = Math.min(this.left(task, event), UNLIMITED);
    const used = task.share.reduce((sum, count) => sum + count, 0);
    this.tracer.arm(task, (counter) => {
      const even = left / TICK_COUNTERS;
      const learnt = used > 0 ? (left * task.share[counter]!) / used : even;
      return 1 + Math.floor(TRUST * learnt + (1 - TRUST) * even);
    });
  }

  private fail(event: TraceEvent, task: ReplayedTask, what: string): never {
    const pc = task.get("rip").toString(16);
    throw new Divergence(
      this.index,
      `mismatch at event ${this.index} (${eventName(event)}): ${what} (task ${event.task}, ticks ${task.ticks}, pc 0x${pc})`,
    );
  }

  /** What a stop is, for messages. */
  private describe(task: ReplayedTask, event: TraceEvent, stop: Stop): string {
    switch (stop.kind) {
      case "poll":
        return task.ticks >= event.ticks
          ? `ticks mismatch: expected ${event.ticks}, the program goes on to ${event.ticks + 1} at pc 0x${stop.trap.pc.toString(16)}`
          : `stopped at pc 0x${stop.trap.pc.toString(16)} by the ${stop.trap.counter} counter`;
      case "syscall":
        return `the program came to a system call instead (${Number(BigInt.asIntN(32, task.get("orig_rax")))})`;
      case "signal":
        return `the program got signal ${stop.signal} instead`;
      case "instruction":
        return `the program came to ${stop.trap.name} instead`;
      default:
        return `the program stopped by ${stop.kind}`;
    }
  }

  /** Brings a task to its next system call, unanswered. */
  private toSyscall(task: ReplayedTask, event: TraceEvent): NonNullable<ReplayedTask["site"]> {
    if (!task.site) {
      const stop = this.advance(task, event, () => this.armLoosely(task, event));
      if (stop.kind !== "syscall") this.fail(event, task, this.describe(task, event, stop));
      const site = task.space.image.cache.syscallAt(task.number("rip"));
      invariant(site, "a system call outside of the code cache");
      const registers = task.view(site.pc);
      registers[RAX] = task.get("orig_rax");
      registers[RCX] = BigInt(site.next);
      task.site = { ...site, number: Number(BigInt.asIntN(32, task.get("orig_rax"))), registers };
      task.resumePc = site.next;
    }
    compare(event, this.index, task.ticks, task.site.registers);
    return task.site;
  }

  /** Brings a task to an asynchronous point. */
  private toPoint(task: ReplayedTask, event: SwitchEvent | SignalEvent): void {
    switch (event.point) {
      case "syscall":
      case "interrupted":
        this.toSyscall(task, event);
        return;
      case "return": {
        if (task.returned === undefined) this.fail(event, task, "the task is not behind a system call");
        const registers = task.view(task.returned);
        registers[RCX] = BigInt(task.returned);
        compare(event, this.index, task.ticks, registers);
        return;
      }
      case "fault":
        this.toFault(task, event);
        return;
      case "tick":
        this.toTick(task, event);
        return;
      case "jump":
        this.toJump(task, event);
        return;
    }
  }

  private toTick(task: ReplayedTask, event: SwitchEvent | SignalEvent): void {
    for (;;) {
      if (task.poll?.counter === "tick" && task.ticks === event.ticks) break;
      const stop = this.advance(task, event, () => this.armTightly(task, event));
      if (stop.kind !== "poll" || stop.trap.counter !== "tick")
        this.fail(event, task, this.describe(task, event, stop));
      if (task.ticks > event.ticks) this.fail(event, task, this.describe(task, event, stop));
    }
    compare(event, this.index, task.ticks, task.view(task.poll.pc));
  }

  private toJump(task: ReplayedTask, event: SwitchEvent | SignalEvent): void {
    for (;;) {
      if (task.poll?.counter === "jump" && task.jumps === event.jumps) break;
      const stop = this.advance(task, event, () => {
        const left = this.left(task, event);
        const jumps = event.jumps - task.jumps - (task.poll?.counter === "jump" ? 1 : 0);
        this.tracer.arm(task, () => left + 1, jumps + 1);
      });
      if (stop.kind !== "poll" || stop.trap.counter !== "jump" || task.jumps > event.jumps) {
        this.fail(event, task, this.describe(task, event, stop));
      }
    }
    compare(event, this.index, task.ticks, task.view(task.poll.pc));
  }

  private toFault(task: ReplayedTask, event: SwitchEvent | SignalEvent): void {
    const stop = this.advance(task, event, () => this.armLoosely(task, event));
    if (stop.kind === "instruction" && stop.trap.action === "breakpoint") {
      compare(event, this.index, task.ticks, task.view(stop.trap.pc + stop.trap.length));
      return;
    }
    if (stop.kind !== "signal") this.fail(event, task, this.describe(task, event, stop));
    this.tracer.settle(task);
    compare(event, this.index, task.ticks, faultingState(task).registers);
  }

  // Events

  private syscall(task: ReplayedTask, event: SyscallEvent): void {
    const site = this.toSyscall(task, event);
    if (site.number !== event.number)
      this.fail(event, task, `the program made system call ${site.number} instead`);
    task.site = undefined;
    if (event.stream !== 0) this.show(task, event, site);
    if (event.number === SYSCALLS.rt_sigreturn) {
      this.sigreturn(task);
      return;
    }
    task.set("rax", BigInt.asUintN(64, event.result));
    if (syscallSpec(event.number)?.handling === "memory") this.memory(task, event, site);
    else if (event.number === SYSCALLS.arch_prctl && event.result === 0n) setSegment(task, site.registers);
    this.rebuilder.write(task.space, event.writes);
    task.returned = site.next;
  }

  /** Shows what the program wrote to its standard streams, if it is what it wrote in the recording. */
  private show(task: ReplayedTask, event: SyscallEvent, site: NonNullable<ReplayedTask["site"]>): void {
    const spec = syscallSpec(event.number);
    invariant(spec, "output of an unknown system call");
    const call = new Call(event.number, spec, site.pc, site.next, site.registers, task.space);
    call.result = Number(event.result);
    const sent = bytesSent(spec, call);
    const bytes = collect(sent?.ranges ?? [], (address, length) => task.space.memory.read(address, length));
    if (Bun.hash.wyhash(bytes) !== event.outputHash) {
      this.fail(
        event,
        task,
        `the program writes other bytes than it did in the recording (${bytes.length} of them)`,
      );
    }
    writeFully(event.stream, bytes);
  }

  private memory(task: ReplayedTask, event: SyscallEvent, site: NonNullable<ReplayedTask["site"]>): void {
    const result = Number(event.result);
    const { space } = task;
    const call = new Call(event.number, undefined, site.pc, site.next, site.registers, space);
    const { args } = call;
    const inject = (number: number, ...rest: number[]): void => {
      const got = this.tracer.inject(task, number, ...rest);
      if (got < 0) this.fail(event, task, `the call failed with ${got} in replay`);
    };
    if (result >= 0) {
      switch (event.number) {
        case SYSCALLS.mmap:
          if (event.mapping) this.rebuilder.map(task, event.mapping);
          break;
        case SYSCALLS.brk:
          this.moveBreak(task, space, result);
          break;
        case SYSCALLS.mprotect:
        case SYSCALLS.pkey_mprotect:
          inject(SYSCALLS.mprotect, args[0]!, args[1]!, args[2]! & ~PROT.EXEC);
          break;
        case SYSCALLS.mremap:
          // MREMAP_MAYMOVE | MREMAP_FIXED, to where the kernel put it then.
          if (result === args[0]) inject(event.number, args[0]!, args[1]!, args[2]!, 0);
          else inject(event.number, args[0]!, args[1]!, args[2]!, (args[3]! & ~2) | 3, result);
          break;
        default:
          inject(event.number, ...args);
      }
    }
    for (const { start, end } of applyMemoryCall(space, event.number, args, result, event.mapping)) {
      this.tracer.textChanged(task, start, end);
    }
  }

  private moveBreak(task: ReplayedTask, space: AddressSpace, to: number): void {
    const from = pageEnd(space.brkEnd);
    const end = pageEnd(to);
    if (end > from) {
      this.rebuilder.map(task, {
        start: from,
        end,
        protection: PROT.READ | PROT.WRITE,
        shared: false,
        file: -1,
        offset: 0,
        name: "[heap]",
      });
    } else if (end < from) {
      this.tracer.inject(task, SYSCALLS.munmap, end, from - end);
    }
  }

  /** The kernel itself takes the frame down, which is the recorded one. */
  private sigreturn(task: ReplayedTask): void {
    // Out of the answered call first, whose exit would be reported too.
    stopAtGadget(this.tracer, task);
    task.set("rip", task.space.image.cache.syscallGadget);
    task.set("rax", SYSCALLS.rt_sigreturn);
    task.set("orig_rax", 0xffffffffffffffffn);
    this.tracer.flush(task);
    const { control } = this.tracer;
    for (const edge of ["entry", "exit"]) {
      control.resumeAndWait(PTRACE.SYSCALL, task.tid, 0, task.tid, 0);
      if ((control.status & 0xff) !== 0x7f) throw new TaskGone(task, control.status);
      invariant(
        control.status >> 8 === (SIG.SIGTRAP | SYSCALL_STOP),
        `no stop at the ${edge} of rt_sigreturn`,
      );
    }
    this.tracer.takeRegisters(task);
    task.jumpTo(task.number("rip"));
  }

  private switch(task: ReplayedTask, event: SwitchEvent): void {
    this.toPoint(task, event);
  }

  private signal(task: ReplayedTask, event: SignalEvent): void {
    this.toPoint(task, event);
    if (event.disposition !== "handler") return;
    task.site = undefined;
    task.returned = undefined;
    this.rebuilder.write(task.space, event.writes);
    this.resetVectorState(task);
    intoKernel(event.after, task.registers);
    task.set("orig_rax", 0xffffffffffffffffn);
    task.jumpTo(Number(event.after[RIP]!));
  }

  /** A handler begins with initial floating-point and vector registers (fpu__clear_user_states). */
  private resetVectorState(task: ReplayedTask): void {
    const size = getRegSet(task.tid, NT.X86_XSTATE, this.xstate);
    this.xstate.u64.fill(0n, XSAVE_HEADER / 8, XSAVE_HEADER / 8 + 1);
    setRegSet(task.tid, NT.X86_XSTATE, this.xstate, size);
  }

  private instruction(task: ReplayedTask, event: InstructionEvent): void {
    const stop = this.advance(task, event, () => this.armLoosely(task, event));
    if (stop.kind !== "instruction") this.fail(event, task, this.describe(task, event, stop));
    compare(event, this.index, task.ticks, task.view(stop.trap.pc));
    const rip = task.get("rip");
    intoKernel(event.after, task.registers);
    task.set("rip", rip);
  }

  // Tasks

  private firstProgram(event: ExecEvent): void {
    const pid = this.spawn();
    this.tracer.control.wait(pid, 0);
    invariant((this.tracer.control.status & 0xff) === 0x7f, "the blank program did not stop at its start");
    setOptions(pid, TRACE_OPTIONS);
    const space = new AddressSpace(openMemory(pid), new Image((image) => this.tracer.cacheHost(image)));
    const task = new ReplayedTask(event.task, pid, new Process(event.task, pid, space));
    this.tasks.set(task.id, task);
    this.tracer.takeRegisters(task);
    this.build(task, event);
  }

  /** An execve that succeeded: the process becomes blank, and then the new program. */
  private program(task: ReplayedTask, event: ExecEvent): void {
    if (!task.site) {
      const stop = this.advance(task, event, () => this.armLoosely(task, event));
      if (stop.kind !== "syscall") this.fail(event, task, this.describe(task, event, stop));
    }
    task.site = undefined;
    if (task.ticks !== event.ticks) {
      throw new Divergence(
        this.index,
        `ticks mismatch at event ${this.index} (exec): expected ${event.ticks}, got ${task.ticks}`,
      );
    }
    const { image } = task.space;
    const path = this.tracer.scratchString(image, this.blank);
    task.set("rdi", path);
    task.set("rsi", 0);
    task.set("rdx", 0);
    task.set("rax", SYSCALLS.execve);
    task.set("orig_rax", 0xffffffffffffffffn);
    task.set("rip", image.cache.syscallGadget);
    this.tracer.flush(task);
    const { control } = this.tracer;
    // First the event stop inside execve, then the blank program's own trap.
    for (let stops = 0; stops < 2; stops++) {
      control.resumeAndWait(PTRACE.CONT, task.tid, 0, task.tid, 0);
      if ((control.status & 0xff) !== 0x7f) throw new TaskGone(task, control.status);
    }
    invariant(control.status >> 8 === SIG.SIGTRAP, "the blank program can't be executed");
    this.leave(task.process);
    task.process.space = new AddressSpace(
      openMemory(task.tid),
      new Image((own) => this.tracer.cacheHost(own)),
    );
    this.tracer.takeRegisters(task);
    this.build(task, event);
  }

  private build(task: ReplayedTask, event: ExecEvent): void {
    const { space } = task;
    for (const mapping of event.mappings) space.mappings.add({ ...mapping });
    space.brkStart = space.brkEnd = event.brk;
    const pc = Number(event.registers[RIP]!);
    this.tracer.serve(task);
    this.tracer.adopt(task, task.number("rip"), task.number("rsp") - 4096, pc);
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

  private clone(task: ReplayedTask, event: CloneEvent): void {
    this.toSyscall(task, event);
    const shared =
      event.flags & (CLONE.VM | CLONE.FS | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD | CLONE.SYSVSEM);
    this.newborn = 0;
    const result = this.tracer.inject(task, SYSCALLS.clone, shared, 0, 0, 0, 0);
    if (result < 0 || this.newborn === 0) this.fail(event, task, `a new task can't be made (${result})`);
    const tid = this.newborn;
    const { control } = this.tracer;
    control.wait(tid, 0);
    invariant((control.status & 0xff) === 0x7f, "the new task did not stop");
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

  private exit(task: ReplayedTask, event: ExitEvent): void {
    // A task that was killed from outside has no place to compare.
    if (event.registers[RIP] !== 0n) this.toSyscall(task, event);
    task.set("rip", task.space.image.cache.syscallGadget);
    task.set("rax", SYSCALLS.exit);
    task.set("orig_rax", 0xffffffffffffffffn);
    this.tracer.flush(task);
    const { control } = this.tracer;
    control.resumeAndWait(PTRACE.CONT, task.tid, 0, task.tid, 0);
    while ((control.status & 0xff) === 0x7f) control.resumeAndWait(PTRACE.CONT, task.tid, 0, task.tid, 0);
    this.tasks.delete(task.id);
    task.process.tasks.delete(task);
    this.totals.ticks += task.ticks;
    this.rebuilder.write(task.space, event.writes);
    if (task.process.tasks.size === 0) this.leave(task.process);
  }

  private leave(process: Process): void {
    process.space.users--;
    if (process.space.users === 0) process.space.dispose();
  }

  private killAll(): void {
    const { control } = this.tracer;
    const left = [...this.tasks.values()];
    for (const task of left) this.totals.ticks += task.ticks;
    for (const pid of new Set(left.map((task) => task.process.pid))) kill(pid, SIG.SIGKILL);
    while (left.length > 0 && control.wait(-1, 0) > 0);
  }
}

/** Events whose place only their counts tell. */
function isAsynchronous(event: TraceEvent): boolean {
  return (
    (event.kind === "switch" || event.kind === "signal") && (event.point === "tick" || event.point === "jump")
  );
}

/** arch_prctl(ARCH_SET_FS, base) and its kin, done through the registers. */
function setSegment(task: Task, registers: Registers): void {
  const code = Number(registers[RDI]!);
  if (code === ARCH.SET_FS) task.set("fs_base", registers[RSI]!);
  else if (code === ARCH.SET_GS) task.set("gs_base", registers[RSI]!);
}

function writeFully(stream: 0 | 1 | 2, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(stream, bytes, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") continue;
      // Nobody reads any more: the replay goes on unheard.
      if (code === "EPIPE") return;
      throw error;
    }
  }
}
