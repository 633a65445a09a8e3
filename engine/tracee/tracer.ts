/**
 * Runs tasks out of the code cache: resumes them, answers the traps that are the engine's own business
 * (untranslated targets), and returns at the stops that a recorder or a replayer has to act on.
 *
 * Obligations: one task runs at a time; between two `run`s of different tasks nothing of the first one's state
 * may be left in the context. Everything here happens on the thread that spawned the tracees.
 */
import { ERRNO, openMemory, REG, SIG, SIGINFO } from "../../ffi/mod.ts";
import { TRAP_FLAG } from "../arch/x86_64/registers.ts";
import { isVsyscall, VSYSCALL } from "../arch/x86_64/vsyscall.ts";
import { showFloatingPlace } from "../arch/x86_64/x87.ts";
import { invariant } from "../engine-error.ts";
import type { Cost } from "../outcome.ts";
import { CONTEXT } from "../translate/context.ts";
import { translatedBytes } from "../translate/translations.ts";
import type { InstructionTrap, PollTrap, StopTrap } from "../translate/traps.ts";
import { AddressSpace, type SpaceState } from "./address-space.ts";
import { astray, branchAstray } from "./astray.ts";
import { readTicks, ticksArmed } from "./budget.ts";
import { CacheMapper } from "./cache-mapper.ts";
import { type CallSite, callSite } from "./call-site.ts";
import { callStubResumption, hasTriedToSend, isInCallStub, isInFrontOfCall } from "./call-stub.ts";
import type { CodeMemory } from "./code-memory.ts";
import { Controller, type SignalInfo, TaskGone } from "./controller.ts";
import { faultingState } from "./fault.ts";
import { isTrap, type KernelStop, type LiveStop } from "./kernel-stop.ts";
import type { Mapping } from "./mappings.ts";
import { type Position, programPc } from "./position.ts";
import type { Task } from "./task.ts";
import { TextGuard } from "./text-guard.ts";
import { Watchpoints } from "./watchpoints.ts";

/** Why {@link Tracer.run} returned. */
export type Stop =
  /** A counter ran out; `ticks` and `jumps` do not count the branch that comes next. */
  | { kind: "poll"; trap: PollTrap }
  | { kind: "instruction"; trap: InstructionTrap }
  /** The program single-steps, and has come to the instruction at `pc`. */
  | { kind: "step"; pc: number }
  /** At the entry of a system call; undefined as its site if that is no translation of the program's text. */
  | { kind: "syscall"; site: CallSite | undefined }
  /** A debugger wants it here; `between` says where that is. */
  | { kind: "stop"; reason: StopTrap["reason"] }
  /** Behind the access to something that is watched, inside a translation. */
  | { kind: "watch" }
  /** A signal is to be delivered; the task stands where `registers.rip` says, maybe inside a translation. */
  | { kind: "signal"; info: SignalInfo }
  /** Its whole process is stopped; it stands likewise. */
  | { kind: "groupStop" }
  /** The task is gone. */
  | { kind: "gone"; status: number }
  /** The tracer itself was interrupted; the task still runs. */
  | { kind: "interrupted" };

const EINTR = -ERRNO.EINTR;
const ESRCH = -ERRNO.ESRCH;

/** Runs a stopped task until a stop that recorder or replayer must act on. */
export class Tracer extends Controller {
  /** Where the code caches of the tasks' address spaces are looked after. */
  readonly mapper: CacheMapper;
  /** What is watched. */
  readonly watchpoints = new Watchpoints();
  /** Where changes of text are noticed, or told. */
  readonly text: TextGuard;

  /** How often code in the cache has trapped for want of a translation or a link. */
  private traps = 0;
  private readonly translatedBefore = translatedBytes();

  private readonly spaces = new Set<AddressSpace>();

  /** @param memory What code caches are made of. */
  constructor(memory: CodeMemory) {
    super();
    this.text = new TextGuard(this, this.spaces);
    this.mapper = new CacheMapper(this, memory, this.text, this.spaces);
  }

  /** What this tracer's work has cost so far. */
  get cost(): Cost {
    return {
      stops: this.control.stops,
      traps: this.traps,
      translatedBytes: translatedBytes() - this.translatedBefore,
    };
  }

  /** A fresh address space of a stopped process, with a fresh cache space. */
  newSpace(pid: number): AddressSpace {
    return new AddressSpace(openMemory(pid), this.mapper.newCacheSpace(), this.spaces);
  }

  /** The address space of a stopped process whose memory is what it was when this state was saved. */
  spaceLike(state: SpaceState, pid: number): AddressSpace {
    return AddressSpace.like(state, openMemory(pid), this.spaces);
  }

  /** The process of a task executes another program: its memory and its cache space are new, and no counter has counted. */
  replaceSpace({ process, tid, armed }: Task): void {
    process.space.leave();
    process.space = this.newSpace(tid);
    armed.fill(0);
  }

  /** Whether some process maps a file of the trace. */
  maps(file: number): boolean {
    return this.mappingsOf(file).length > 0;
  }

  /** The mappings of a file of the trace, in all processes. */
  mappingsOf(file: number): { space: AddressSpace; mapping: Mapping }[] {
    return [...this.spaces].flatMap((space) =>
      space.mappings.ofFile(file).map((mapping) => ({ space, mapping })),
    );
  }

  /**
   * Lets a task run until something happens that the caller has to act on.
   *
   * @param request PTRACE.SYSCALL to record, or PTRACE.CONT under a filter of system calls; PTRACE.SYSEMU to replay.
   * @param signal Signal to deliver on the way.
   */
  run(task: Task, request: number, signal = 0): Stop {
    this.mapper.serve(task);
    if (!task.running) this.prepare(task);
    let pass = signal;
    for (;;) {
      const resumes = !task.running;
      const waited = resumes ? this.resumeAndWait(task, request, pass) : this.control.wait(task.tid, 0);
      pass = 0;
      if (waited === EINTR) return { kind: "interrupted" };
      if (waited === ESRCH && resumes) throw new TaskGone(task);
      invariant(waited === task.tid, `the wait for task ${task.tid} failed with ${waited}`);
      task.hasStopped();
      if (this.control.regsResult === ESRCH) {
        readTicks(task);
        throw new TaskGone(task);
      }
      const stop = this.classify(task, this.found);
      if (stop) return stop;
    }
  }

  /** The processor has traced an instruction of the cache, since the program has set the trap flag. */
  private traced(task: Task, found: LiveStop, rip: number): Stop | "handled" {
    const { step } = task;
    // On its way to the end of an instruction; a string instruction is traced by itself each time.
    if (step && rip !== step.entry) return "handled";
    this.takeRegisters(task, found);
    readTicks(task);
    const { pc } = faultingState(task);
    task.jumpTo(pc);
    if (step) return { kind: "step", pc };
    // The flag has just been loaded.
    this.prepare(task);
    return "handled";
  }

  /** Makes the address space and the registers ready for user mode. */
  private prepare(task: Task): void {
    const { space } = task;
    this.mapper.refresh(task);
    this.text.guardDue(task);
    this.mapper.mapRegions(task);
    space.cacheSpace.cache.update();
    const { cacheSpace } = task;
    if (
      cacheSpace !== undefined &&
      (cacheSpace !== space.cacheSpace || task.drops !== cacheSpace.cache.drops)
    ) {
      showFloatingPlace(task, cacheSpace.cache);
    }
    if (task.isInCache && this.isOutside(task)) task.leaveCache();
    const { position } = task;
    switch (position.kind) {
      case "program":
      case "between":
        this.enterCache(task, position);
        break;
      case "poll": {
        const { counter, garbageFlags, pc } = position.trap;
        // The branch is in the counters already; it retires now.
        if (counter === "tick") task.ticks++;
        else task.jumps++;
        if (garbageFlags === 0) space.cacheSpace.setSpilled(CONTEXT.tickRcx, task.get("rcx"));
        task.position = { kind: "cache", pc };
        break;
      }
      case "call":
      case "cache":
        break;
    }
    space.cacheSpace.calls.setTicks(ticksArmed(task));
    // What it has begun it ends as it was begun.
    if (!this.isInCall(task) || isInFrontOfCall(space.cacheSpace.base, task.number("rip")))
      task.prepareCalls();
    this.watchpoints.arm(task);
    this.flush(task);
  }

  /** Lets a task go on in the code cache that its space has now. */
  private enterCache(task: Task, position: Extract<Position, { kind: "program" | "between" }>): void {
    const { cacheSpace } = task.space;
    const { cache } = cacheSpace;
    const pc = programPc(position);
    let entry: number | undefined;
    if (position.kind === "between") {
      entry = cache.restOfBlock(position.between, task.isStepping);
    } else {
      if ((task.get("eflags") & TRAP_FLAG) !== 0n) task.step = cache.single(pc);
      entry = task.step?.entry ?? cache.entry(pc);
    }
    task.set("rip", entry ?? astray(task, pc));
    task.position = { kind: "cache", pc };
    task.cacheSpace = cacheSpace;
    task.drops = cache.drops;
  }

  /** Whether a task is in the midst of a system call that the stub does. */
  isInCall({ space, registers }: Task): boolean {
    return isInCallStub(space.cacheSpace.base, Number(registers[REG.rip]!));
  }

  /** Whether a signal has come for bytes that the stub has tried to write, and that nobody can read. */
  private hasTriedInVain({ space, registers }: Task, found: LiveStop): boolean {
    if (found.kind !== "signal" || found.signal !== SIG.SIGPIPE) return false;
    const isThere = hasTriedToSend(space.cacheSpace.base, Number(registers[REG.rip]!));
    return isThere && registers[REG.rax] === BigInt.asUintN(64, BigInt(-ERRNO.EPIPE));
  }

  /** Whether the cache pc that a task stands at is none of its space's cache any more. */
  private isOutside(task: Task): boolean {
    const { cacheSpace } = task.space;
    if (task.cacheSpace !== cacheSpace) return true;
    if (task.drops === cacheSpace.cache.drops) return false;
    task.drops = cacheSpace.cache.drops;
    return !cacheSpace.cache.contains(task.number("rip")) && !this.isInCall(task);
  }

  /** What a stop means; undefined if it was dealt with and the task can go on. */
  private classify(task: Task, found: KernelStop): Stop | undefined {
    if (found.kind === "ended") {
      // The counters outlive it.
      readTicks(task);
      return { kind: "gone", status: found.status };
    }
    task.stop = found;
    const isHit = isTrap(found) && this.watchpoints.any && this.watchpoints.isHit(this.signalInfo(task));
    if (isTrap(found) && !isHit) {
      const trapped = this.trapped(task, found);
      if (trapped === "handled") return undefined;
      if (trapped) return trapped;
    }
    this.takeRegisters(task, found);
    // It is left to a stop, which brings the signal once more.
    if (this.hasTriedInVain(task, found)) return undefined;
    readTicks(task);
    // The filter of a recording tells of a call before it is begun, as the stop at its entry does.
    if (found.kind === "call" || found.kind === "filter") {
      const site = callSite(task);
      if (site) task.position = { kind: "call", next: site.next };
      return { kind: "syscall", site };
    }
    invariant(found.kind === "signal", `stop by ${found.kind} outside of a system call`);
    // The counters are about to be set anew: a count that has read one already reads it again.
    const rip = task.number("rip");
    const { cacheSpace } = task.space;
    const resumption = callStubResumption(cacheSpace.base, cacheSpace.cache.resumption(rip));
    if (resumption !== rip) task.set("rip", resumption);
    if (isHit) return { kind: "watch" };
    if (this.isGroupStop(task, found)) return { kind: "groupStop" };
    return { kind: "signal", info: this.signalInfo(task) };
  }

  private trapped(task: Task, found: LiveStop): Stop | "handled" | undefined {
    const { regs } = this.control;
    const rip = Number(regs.u64[REG.rip]!);
    const { cache } = task.space.cacheSpace;
    const steps = task.step !== undefined || (regs.u64[REG.eflags]! & TRAP_FLAG) !== 0n;
    if (steps && isTrace(this.signalInfo(task))) return this.traced(task, found, rip);
    const trap = cache.trapAt(rip - 1);
    if (!trap) return undefined;
    this.takeRegisters(task, found);
    if (trap.kind === "exit" || trap.kind === "miss" || trap.kind === "dead") this.traps++;
    switch (trap.kind) {
      case "exit": {
        const to = cache.link(trap) ?? astray(task, trap.target);
        if (to !== rip) task.set("rip", to);
        this.flush(task);
        return "handled";
      }
      case "miss": {
        // The stub looks the target up once more and finds the new entry.
        if (cache.indirectTarget(task.number("rcx")) === undefined) {
          task.set("rax", task.space.cacheSpace.spilled(CONTEXT.spilledRax));
          return this.goAstray(task);
        }
        this.flush(task);
        return "handled";
      }
      case "dead":
        task.set("rip", cache.revive(trap.target, rip - 1) ?? astray(task, trap.target));
        this.flush(task);
        return "handled";
      case "elision": {
        readTicks(task);
        // The branch at the segment's end may be counted already.
        const ahead = cache.position(rip)?.counted === "tick" ? 1 : 0;
        task.elision(trap.edge, task.ticks - ahead);
        return "handled";
      }
      case "x87":
        showFloatingPlace(task, cache);
        return "handled";
      case "stop":
        return this.stopped(task, trap);
      case "step": {
        const { target = task.number("rcx"), holdsTrap } = trap;
        if (trap.target === undefined) task.set("rcx", task.space.cacheSpace.spilled(CONTEXT.spilledRcx));
        readTicks(task);
        task.jumpTo(target);
        if (!holdsTrap) return { kind: "step", pc: target };
        this.prepare(task);
        return "handled";
      }
      case "poll":
        readTicks(task);
        if (trap.counter === "tick") task.ticks--;
        else task.jumps--;
        task.position = { kind: "poll", trap };
        if (trap.garbageFlags === 0) task.set("rcx", task.space.cacheSpace.spilled(CONTEXT.tickRcx));
        else task.set("eflags", task.get("eflags") & ~BigInt(trap.garbageFlags));
        return { kind: "poll", trap };
      case "instruction":
        task.position = { kind: "cache", pc: trap.pc + trap.length };
        readTicks(task);
        return { kind: "instruction", trap };
    }
  }

  /** An indirect branch leads to no text: the program goes where it wanted to, for the fault that it asked for. */
  private goAstray(task: Task): Stop | "handled" {
    const to = task.get("rcx");
    task.set("rcx", task.space.cacheSpace.spilled(CONTEXT.spilledRcx));
    task.set("rip", isVsyscall(to) ? to : branchAstray(task, to));
    if (isVsyscall(to)) {
      readTicks(task);
      return { kind: "instruction", trap: VSYSCALL };
    }
    this.flush(task);
    return "handled";
  }

  /** A task has come to where a debugger wants to stop, or wanted to when this was translated. */
  private stopped(task: Task, { reason, at, garbageFlags }: StopTrap): Stop | "handled" {
    const { cacheSpace } = task.space;
    const pc = at?.pc ?? task.number("rcx");
    if (at === undefined) {
      if (cacheSpace.cache.entry(pc) === undefined) return this.goAstray(task);
      task.set("rcx", cacheSpace.spilled(CONTEXT.spilledRcx));
    }
    const between = at ?? { origin: pc, pc, counted: undefined };
    if (reason === "step" ? task.isStepping : this.mapper.stops.has(pc)) {
      readTicks(task);
      if (garbageFlags !== 0) task.set("eflags", task.get("eflags") & ~BigInt(garbageFlags));
      task.position = { kind: "between", between };
      return { kind: "stop", reason };
    }
    const isStart = between.origin === pc && reason === "step";
    const entry = isStart ? cacheSpace.cache.entry(pc) : cacheSpace.cache.restOfBlock(between, false);
    task.set("rip", entry ?? astray(task, pc));
    this.flush(task);
    return "handled";
  }
}

/** si_code of a single step (asm-generic/siginfo.h). */
const TRAP_TRACE = 2;

/** Whether a SIGTRAP is that of a single step. */
function isTrace({ siginfo }: SignalInfo): boolean {
  return new DataView(siginfo.buffer, siginfo.byteOffset).getInt32(SIGINFO.si_code, true) === TRAP_TRACE;
}
