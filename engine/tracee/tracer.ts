/**
 * Runs tasks out of the code cache: resumes them, answers the traps that are the engine's own business
 * (untranslated targets), and returns at the stops that a recorder or a replayer has to act on.
 *
 * Obligations: one task runs at a time; between two `run`s of different tasks nothing of the first one's state
 * may be left in the context. Everything here happens on the thread that spawned the tracees.
 */
import {
  AT_FDCWD,
  clearInterrupt,
  getRegs,
  getSigInfo,
  MAP,
  NativeBuffer,
  O,
  PROT,
  PTRACE,
  pendingInterrupt,
  REG,
  SIG,
  SIGINFO,
  SYSCALL_STOP,
  SYSCALLS,
  setRegs,
  TraceeControl,
} from "../../ffi/mod.ts";
import { EngineError, invariant } from "../engine-error.ts";
import type { CacheHost, Region } from "../translate/code-cache.ts";
import { CONTEXT, CONTEXT_BASE, CONTEXT_SIZE, JUMP_COUNTER, TICK_COUNTERS } from "../translate/context.ts";
import type { InstructionTrap, PollTrap } from "../translate/traps.ts";
import { OutOfReach } from "../translate/unit.ts";
import { FAULT_SIGNALS } from "./fault.ts";
import { Image, REGION_SIZE } from "./image.ts";
import { PAGE_SIZE, pageStart } from "./mappings.ts";
import type { Task } from "./task.ts";

/** Why {@link Tracer.run} returned. */
export type Stop =
  /** A counter ran out; `ticks` and `jumps` do not count the branch that comes next. */
  | { kind: "poll"; trap: PollTrap }
  | { kind: "instruction"; trap: InstructionTrap }
  /** At a system call: its entry, or its exit if the task was in one. */
  | { kind: "syscall" }
  /** A signal is to be delivered; the task stands where `registers.rip` says, maybe inside a translation. */
  | { kind: "signal"; signal: number }
  /** A PTRACE_EVENT stop. */
  | { kind: "event"; event: number }
  /** The task is gone. */
  | { kind: "gone"; status: number }
  /** The tracer itself was interrupted; the task still runs. */
  | { kind: "interrupted" };

/** Counts that no program reaches between two stops. */
const UNLIMITED = 0x7fffffff;
const EINTR = -4;
const ESRCH = -3;

/** Where regions are put: near a non-PIE program, near a PIE, near the libraries. Counted downwards. */
const LOW_REGIONS = 0x6f000000;
const PIE_REGIONS = 0x555540000000;
const LIBRARY_REGIONS = 0x7fffc0000000;

/** See the file's head. */
export class Tracer {
  readonly control = new TraceeControl();
  private readonly info = NativeBuffer.map(SIGINFO.size);
  /** The task that translation happens for. */
  private current: Task | undefined;

  /** Sets the next budget: each tick counter gets its own count, the jump counter the last. */
  arm(task: Task, ticks: (counter: number) => number, jumps = UNLIMITED): void {
    const { counters } = task.space.image;
    for (let i = 0; i < TICK_COUNTERS; i++) task.armed[i] = counters[i] = clampBudget(ticks(i));
    task.armed[JUMP_COUNTER] = counters[JUMP_COUNTER] = clampBudget(jumps);
  }

  /** Adds what the counters have counted since they were armed to the task's ticks and jumps. */
  settle(task: Task): void {
    const { counters } = task.space.image;
    let ticks = 0;
    for (let i = 0; i < TICK_COUNTERS; i++) {
      const used = task.armed[i]! - counters[i]!;
      task.armed[i] = counters[i]!;
      task.share[i] = used;
      ticks += used;
    }
    task.ticks += ticks;
    task.jumps += task.armed[JUMP_COUNTER]! - counters[JUMP_COUNTER]!;
    task.armed[JUMP_COUNTER] = counters[JUMP_COUNTER]!;
  }

  /**
   * Lets a task run until something happens that the caller has to act on.
   *
   * @param request PTRACE.SYSCALL to record, PTRACE.SYSEMU to replay.
   * @param signal Signal to deliver on the way.
   */
  run(task: Task, request: number, signal = 0): Stop {
    this.current = task;
    if (!task.running) this.prepare(task);
    let pass = signal;
    for (;;) {
      const stopped = task.running
        ? this.control.wait(task.tid, 0)
        : this.control.resumeAndWait(request, task.tid, pass, task.tid, 0);
      pass = 0;
      if (stopped === EINTR) {
        task.running = true;
        return { kind: "interrupted" };
      }
      if (stopped === ESRCH && !task.running) {
        // Killed while it was stopped: the wait tells how.
        task.running = true;
        continue;
      }
      if (stopped < 0)
        throw new Error(`engine invariant broken: wait for task ${task.tid} failed with ${stopped}`);
      task.running = false;
      if (this.control.regsResult === ESRCH) {
        task.running = true;
        continue;
      }
      const stop = this.classify(task, this.control.status);
      if (stop) return stop;
    }
  }

  /**
   * The siginfo of a task's signal stop.
   *
   * @returns `fault` tells whether the instruction itself caused it; `address` is si_addr.
   */
  signalInfo(task: Task): { signal: number; siginfo: Uint8Array; fault: boolean; address: number } {
    getSigInfo(task.tid, this.info);
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
    this.flush(task);
    let stopped = this.control.resumeAndWait(request, task.tid, signal, task.tid, 0);
    if (stopped === EINTR || stopped === ESRCH) {
      if (stopped === EINTR) this.postponeInterrupt();
      stopped = this.waitFor(task.tid);
    }
    invariant(stopped === task.tid, `task ${task.tid} can't be waited for (${stopped})`);
    const { status } = this.control;
    if ((status & 0xff) !== 0x7f) throw new TaskGone(task, status);
    this.takeRegisters(task);
    return status;
  }

  /** Waits for a task (or -1 for any), whatever interrupts the tracer meanwhile. @returns As TraceeControl.wait. */
  waitFor(tid: number): number {
    for (;;) {
      const stopped = this.control.wait(tid, 0);
      if (stopped !== EINTR) return stopped;
      this.postponeInterrupt();
    }
  }

  /** Takes over the registers that the last wait has read. */
  takeRegisters(task: Task): void {
    task.registers.set(this.control.regs.u64);
    task.dirty = false;
    task.running = false;
  }

  /** Reads the registers of a stopped task that no wait of this tracer has read. */
  readRegisters(task: Task): void {
    getRegs(task.tid, this.control.regs);
    this.takeRegisters(task);
  }

  /** Writes changed registers into the stopped task. */
  flush(task: Task): void {
    if (!task.dirty) return;
    this.control.regs.u64.set(task.registers);
    setRegs(task.tid, this.control.regs);
    task.dirty = false;
  }

  /** Makes the address space and the registers ready for user mode. */
  private prepare(task: Task): void {
    const { space } = task;
    this.mapRegions(task);
    if (task.appPc === undefined && task.image !== space.image) task.appPc = task.resumePc;
    if (task.appPc !== undefined) {
      const pc = task.appPc;
      task.set("rip", this.reach(() => space.image.cache.entry(pc)) ?? pc);
      task.appPc = undefined;
      task.image = space.image;
      task.poll = undefined;
    }
    if (task.poll) {
      // The branch is in the counters already; it retires now.
      if (task.poll.counter === "tick") task.ticks++;
      else task.jumps++;
      if (task.poll.garbageFlags === 0) space.image.setSpilled(CONTEXT.tickRcx, task.get("rcx"));
      task.poll = undefined;
    }
    this.flush(task);
  }

  /** Runs a translation; data out of reach becomes an error for the user. */
  private reach(translate: () => number | undefined): number | undefined {
    try {
      return translate();
    } catch (error) {
      if (error instanceof OutOfReach)
        throw new EngineError(`Cannot translate the program: ${error.message}`);
      throw error;
    }
  }

  /** What a stop means; undefined if it was dealt with and the task can go on. */
  private classify(task: Task, status: number): Stop | undefined {
    if ((status & 0xff) !== 0x7f) return { kind: "gone", status };
    const signal = (status >> 8) & 0xff;
    const event = status >> 16;
    if (signal === SIG.SIGTRAP && event === 0) {
      const trapped = this.trapped(task);
      if (trapped === "handled") return undefined;
      if (trapped) return trapped;
    }
    this.takeRegisters(task);
    this.settle(task);
    if (event !== 0) return { kind: "event", event };
    if (signal === (SIG.SIGTRAP | SYSCALL_STOP)) return { kind: "syscall" };
    return { kind: "signal", signal };
  }

  private trapped(task: Task): Stop | "handled" | undefined {
    const { regs } = this.control;
    const rip = Number(regs.u64[REG.rip]!);
    const { cache } = task.space.image;
    const trap = cache.trapAt(rip - 1);
    if (!trap) return undefined;
    this.takeRegisters(task);
    switch (trap.kind) {
      case "exit":
        if (this.reach(() => cache.link(trap)) === undefined) task.set("rip", trap.target);
        this.flush(task);
        return "handled";
      case "miss": {
        const target = task.number("rcx");
        // The stub looks the target up once more and finds the new entry. If there can be none, the program
        // goes where it wanted to, for the fault that it asked for.
        if (this.reach(() => cache.indirectTarget(target)) === undefined) {
          const { image } = task.space;
          const to = task.get("rcx");
          task.set("rcx", image.spilled(CONTEXT.spilledRcx));
          task.set("rax", image.spilled(CONTEXT.spilledRax));
          task.set("rip", to);
        }
        this.flush(task);
        return "handled";
      }
      case "dead":
        task.set("rip", this.reach(() => cache.entry(trap.target)) ?? trap.target);
        this.flush(task);
        return "handled";
      case "poll":
        this.settle(task);
        if (trap.counter === "tick") task.ticks--;
        else task.jumps--;
        task.poll = trap;
        task.resumePc = trap.pc;
        if (trap.garbageFlags === 0) task.set("rcx", task.space.image.spilled(CONTEXT.tickRcx));
        else task.set("eflags", task.get("eflags") & ~BigInt(trap.garbageFlags));
        return { kind: "poll", trap };
      case "instruction":
        task.resumePc = trap.pc + trap.length;
        this.settle(task);
        return { kind: "instruction", trap };
    }
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
      this.onStrayStop?.(task, status);
    }
    const result = Number(BigInt.asIntN(64, task.get("rax")));
    task.registers.set(saved);
    task.dirty = true;
    return result;
  }

  /** Called for a stop (a signal, a clone event) that comes in the way of an injected system call. */
  onStrayStop: ((task: Task, status: number) => void) | undefined;

  private postponed = 0;

  /** Remembers an interrupt that came at a moment when the tracee has to be waited for. */
  postponeInterrupt(): void {
    this.postponed = pendingInterrupt();
    clearInterrupt();
  }

  /** The signal that asked the tracer to end since the last call, or 0. */
  takeInterrupt(): number {
    const signal = this.postponed || pendingInterrupt();
    this.postponed = 0;
    if (pendingInterrupt() !== 0) clearInterrupt();
    return signal;
  }

  /** The cache's view of the address space of whichever task runs now. */
  cacheHost(image: Image): CacheHost {
    return {
      newRegion: (near) => this.newRegion(image, near),
      fetchPage: (page) => this.running.space.fetchPage(page),
      textTranslated: (page) => this.guard(this.running, page),
    };
  }

  private get running(): Task {
    invariant(this.current, "translation without a task");
    return this.current;
  }

  /** Declares for which task the next translations and regions are. */
  serve(task: Task): void {
    this.current = task;
  }

  private newRegion(image: Image, near: number): Region {
    const task = this.running;
    const { space } = task;
    let base =
      near < 0x80000000
        ? LOW_REGIONS
        : Math.abs(near - PIE_REGIONS) < 0x40000000
          ? PIE_REGIONS
          : Math.abs(near - LIBRARY_REGIONS) < 0x40000000
            ? LIBRARY_REGIONS
            : Math.floor((near - 0x20000000) / REGION_SIZE) * REGION_SIZE;
    const taken = (): boolean =>
      space.mappings.overlapping(base, base + REGION_SIZE).length > 0 ||
      image.regions.some((region) => region.base < base + REGION_SIZE && region.base + REGION_SIZE > base);
    while (base > CONTEXT_BASE + CONTEXT_SIZE && taken()) base -= REGION_SIZE;
    invariant(base > CONTEXT_BASE + CONTEXT_SIZE, "no room for the code cache");
    const region = image.addRegion(base);
    // The very first region is mapped together with the context, before anything can be injected here.
    if (space.image === image && space.mappedRegions > 0) this.mapRegions(task);
    return region;
  }

  /** Maps the regions of the image that this address space does not have yet. */
  private mapRegions(task: Task): void {
    const { space } = task;
    const { image } = space;
    while (space.mappedRegions < image.regions.length) {
      const region = image.regions[space.mappedRegions]!;
      const path = this.scratchString(image, `/proc/${process.pid}/fd/${image.memfd}`);
      const fd = this.inject(task, SYSCALLS.openat, AT_FDCWD, path, O.RDWR | O.CLOEXEC, 0);
      invariant(fd >= 0, `the code cache can't be opened in the tracee (${fd})`);
      const result = this.inject(
        task,
        SYSCALLS.mmap,
        region.base,
        REGION_SIZE,
        PROT.READ | PROT.EXEC,
        MAP.SHARED | MAP.FIXED_NOREPLACE,
        fd,
        region.fileOffset,
      );
      this.inject(task, SYSCALLS.close, fd);
      invariant(result === region.base, `a region of the code cache can't be mapped (${result})`);
      space.mappedRegions++;
    }
  }

  /** Puts a string into the scratch area; returns its address in the tracee. */
  scratchString(image: Image, text: string): number {
    const bytes = Buffer.from(`${text}\0`);
    image.scratch.set(bytes);
    return CONTEXT_BASE + CONTEXT.scratch;
  }

  /**
   * Makes an address space of a task that stands at an instruction of its own run a fresh image: maps context
   * and first region with the help of a borrowed piece of memory.
   *
   * @param at Address of three bytes of executable memory that are free to be used as a gadget.
   * @param stack Address of 64 free bytes.
   * @param near App pc that the first region is put near to.
   */
  adopt(task: Task, at: number, stack: number, near: number): void {
    const { space } = task;
    const { image, memory } = space;
    this.current = task;
    image.cache.initialize(near);
    const savedCode = memory.read(at, 3).slice();
    const savedStack = memory.read(stack, 64).slice();
    memory.write(at, new Uint8Array([0x0f, 0x05, 0xcc]));
    memory.write(stack, Buffer.from(`/proc/${process.pid}/fd/${image.memfd}\0`));
    const call = (number: number, ...args: number[]): number => this.injectAt(task, at, number, args);
    const fd = call(SYSCALLS.openat, AT_FDCWD, stack, O.RDWR | O.CLOEXEC, 0);
    if (fd < 0)
      throw new EngineError(`Cannot map the code cache: open of a memfd through /proc failed (errno ${-fd})`);
    const map = (address: number, size: number, protection: number, offset: number): void => {
      const result = call(
        SYSCALLS.mmap,
        address,
        size,
        protection,
        MAP.SHARED | MAP.FIXED_NOREPLACE,
        fd,
        offset,
      );
      if (result !== address) {
        throw new EngineError(
          `Cannot map the code cache at 0x${address.toString(16)} (errno ${-result}): the program or ` +
            "vm.mmap_min_addr is in the way",
        );
      }
    };
    map(CONTEXT_BASE, CONTEXT_SIZE, PROT.READ | PROT.WRITE, 0);
    for (const region of image.regions)
      map(region.base, REGION_SIZE, PROT.READ | PROT.EXEC, region.fileOffset);
    space.mappedRegions = image.regions.length;
    call(SYSCALLS.close, fd);
    memory.write(at, savedCode);
    memory.write(stack, savedStack);
    this.flush(task);
  }

  /** Write-protects a page of writable text, so that {@link unguard} hears of changes. */
  private guard(task: Task, page: number): void {
    const { space } = task;
    if (!space.writable(page) || space.guarded.has(page)) return;
    space.guarded.add(page);
    this.inject(task, SYSCALLS.mprotect, page, PAGE_SIZE, PROT.READ);
    this.flush(task);
  }

  /**
   * Answers a write to a page of translated text: its translations are dropped and the write may go on.
   *
   * @returns False if the fault at `address` was none of that.
   */
  unguard(task: Task, address: number): boolean {
    const { space } = task;
    const page = pageStart(address);
    if (!space.guarded.delete(page)) return false;
    const mapping = space.mappings.find(page);
    invariant(mapping, "a guarded page without a mapping");
    this.inject(task, SYSCALLS.mprotect, page, PAGE_SIZE, mapping.protection & ~PROT.EXEC);
    this.flush(task);
    this.textChanged(task, page, page + PAGE_SIZE);
    return true;
  }

  /**
   * Text in [start, end) of a task's space may be different from now on. A space that shares its image with
   * another one gets an image of its own: the other one's text is still the old one.
   */
  textChanged(task: Task, start: number, end: number): void {
    const { space } = task;
    const { image } = space;
    if (!image.cache.hasTextIn(start, end) && !space.mappings.overlapping(start, end).some(isExecutable))
      return;
    if (image.users > 1) this.separate(task);
    else image.cache.invalidate(start, end);
  }

  /** Gives the space of a task an image of its own, empty, in place of the shared one. */
  private separate(task: Task): void {
    const { space } = task;
    const old = space.image;
    const gadget = old.cache.syscallGadget;
    const image = new Image((own) => this.cacheHost(own));
    this.current = task;
    const path = this.scratchString(old, `/proc/${process.pid}/fd/${image.memfd}`);
    image.cache.initialize(gadget);
    const call = (number: number, ...args: number[]): number => this.injectAt(task, gadget, number, args);
    const fd = call(SYSCALLS.openat, AT_FDCWD, path, O.RDWR | O.CLOEXEC, 0);
    invariant(fd >= 0, `the new code cache can't be opened in the tracee (${fd})`);
    // The gadget's own region goes last, and takes the same place, where the same gadget comes first.
    for (const region of old.regions.slice(0, space.mappedRegions)) {
      if (region.base !== image.regions[0]!.base) call(SYSCALLS.munmap, region.base, REGION_SIZE);
    }
    const map = (address: number, size: number, protection: number, offset: number): void => {
      const result = call(SYSCALLS.mmap, address, size, protection, MAP.SHARED | MAP.FIXED, fd, offset);
      invariant(result === address, `the new code cache can't be mapped (${result})`);
    };
    map(CONTEXT_BASE, CONTEXT_SIZE, PROT.READ | PROT.WRITE, 0);
    map(image.regions[0]!.base, REGION_SIZE, PROT.READ | PROT.EXEC, image.regions[0]!.fileOffset);
    call(SYSCALLS.close, fd);
    space.replaceImage(image);
    space.mappedRegions = 1;
  }
}

function isExecutable(mapping: { protection: number }): boolean {
  return (mapping.protection & PROT.EXEC) !== 0;
}

/** An injected call found the task dead. */
export class TaskGone extends Error {
  constructor(
    readonly task: Task,
    readonly status: number,
  ) {
    super(`task ${task.tid} is gone`);
  }
}

function clampBudget(count: number): number {
  return count < 1 ? 1 : count > UNLIMITED ? UNLIMITED : count;
}
