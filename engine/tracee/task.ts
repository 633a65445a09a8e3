/** Tasks (threads) and processes of a recording, as the engine keeps track of them. */
import { REG } from "../../ffi/mod.ts";
import { ARGUMENT_REGISTERS, NO_CALL } from "../arch/x86_64/call-abi.ts";
import {
  intoKernel,
  RESUME_FLAG,
  TRAP_FLAG,
  toRegisters,
  USER_CS,
  USER32_CS,
} from "../arch/x86_64/registers.ts";
import { invariant } from "../engine-error.ts";
import type { Registers, Steps, SwitchPoint } from "../trace/events.ts";
import { TICK_COUNTERS } from "../translate/context.ts";
import { RETIRED } from "../translate/retired-quantities.ts";
import type { SingleStep } from "../translate/single-step.ts";
import type { Between, ElisionTrap, PollTrap } from "../translate/traps.ts";
import type { AddressSpace } from "./address-space.ts";
import type { CacheSpace } from "./cache-space.ts";
import type { LiveStop } from "./kernel-stop.ts";
import { NOWHERE, type Position, programPc } from "./position.ts";

/** A process: tasks with one thread group id. */
export class Process<T extends Task = Task> {
  readonly tasks = new Set<T>();

  /**
   * @param id Thread group id as the program sees it.
   * @param pid The real one; differs from `id` in replay.
   */
  constructor(
    readonly id: number,
    readonly pid: number,
    public space: AddressSpace,
  ) {}
}

/** Registers in user_regs_struct. */
const REGISTERS = 27;

/** A signal that was taken from the kernel and is to be delivered at the next point. */
export interface StashedSignal {
  signal: number;
  /** siginfo_t, 128 bytes. */
  siginfo: Uint8Array;
}

/** How a task faults that has gone astray. */
export interface Astray {
  /** Where the processor faults, and which instruction of the program that is. */
  at: bigint;
  pc: number;
  /** Where it faults if the branch is taken after all, and the stack pointer then. */
  taken?: { at: bigint; rsp: bigint };
}

/**
 * A thread of the program. What a recording and a replay do differently with their tasks, they say by the methods that
 * are abstract here: so the tracer hands each of them its own tasks back.
 */
export abstract class Task {
  /** Retired conditional branches and back-jumps, up to the last settlement. */
  ticks = 0;
  jumps = 0;
  /** What has retired, in the order of `RETIRED`, while that is counted (`CacheMapper.note`). */
  readonly retired = new Float64Array(RETIRED.length);
  /** Registers at the last stop, in the kernel's order; `rip` is a cache pc unless the position is one of the program. */
  readonly registers = new BigUint64Array(REGISTERS);
  /** `registers` differ from those of the stopped task. */
  dirty = false;
  /** Where it stands. */
  position: Position = NOWHERE;
  /** A debugger wants it to stop behind its next instruction. */
  isStepping = false;
  /** The instruction that it single-steps, by a trap flag of its own. */
  step: SingleStep | undefined;
  /** How it faults if it has gone astray. */
  astray: Astray | undefined;
  /** The cache space that the cache pc in `registers` belongs to. */
  cacheSpace: CacheSpace | undefined;
  /** How often that cache space's cache had dropped a module when the task was last looked at. */
  drops = 0;
  /** Values that the counters were last armed with. */
  readonly armed = new Int32Array(TICK_COUNTERS + 1);
  /** Ticks per counter in the last interval: how a budget is best shared out. */
  readonly share = new Float64Array(TICK_COUNTERS);
  /** How it has stopped; undefined while it runs. Set by a wait alone, and used up by resuming it. */
  stop: LiveStop | undefined;
  /** It was told by the program which processors it runs on (sched_setaffinity). */
  choseProcessors = false;
  /** Whether it may read the time stamp counter: the program can have that fault (PR_SET_TSC). */
  readsTimeStamps = true;
  /** Signals stashed until the next delivery point. */
  readonly stashed: StashedSignal[] = [];
  /** Signal mask to put back before delivering, while signals are stashed. */
  savedMask: bigint | undefined;
  /** Address that the kernel clears when the task ends (CLONE_CHILD_CLEARTID), or 0. */
  clearTid = 0;

  /** Its process, among whose tasks it is. */
  abstract process: Process;

  /**
   * Both ids change with an execve of a thread that is not the leader: it becomes that.
   *
   * @param id Thread id as the program sees it.
   * @param tid The real one; differs from `id` in replay.
   */
  constructor(
    public id: number,
    public tid: number,
  ) {}

  /** It is about to run: says what its stub for system calls is to do. It is not in the midst of one that the stub does. */
  abstract prepareCalls(): void;

  /** A stop (a signal, a birth) has come in the way of something that the engine has it do. */
  abstract strayStop(stop: LiveStop): void;

  /** It has stopped, or is gone, and nobody has looked at why: what it was let do meanwhile is to be known first. */
  hasStopped(): void {}

  /** Whether it was resumed and has not stopped yet. */
  get running(): boolean {
    return this.stop === undefined;
  }

  /** It is resumed: its stop is used up, so that it can't be resumed twice, nor its registers be changed meanwhile. */
  useUpStop(): void {
    invariant(this.stop, `task ${this.tid} is resumed while it runs`);
    invariant(!this.dirty, `task ${this.tid} is resumed with registers that it has not got`);
    this.stop = undefined;
  }

  /** A stop of its whole process has come in the way; it goes on all the same. */
  abstract groupStop(): void;

  /**
   * It passes where an elided critical section begins or ends, or a locked instruction: told where `CacheMapper.note` has
   * asked for that.
   */
  abstract elision(edge: ElisionTrap["edge"], ticks: number): void;

  get space(): AddressSpace {
    return this.process.space;
  }

  /** One register of the last stop. */
  get(name: keyof typeof REG): bigint {
    return this.registers[REG[name]]!;
  }

  /** A register as a number (addresses, counts; exact below 2^53). */
  number(name: keyof typeof REG): number {
    return Number(this.registers[REG[name]]!);
  }

  set(name: keyof typeof REG, value: bigint | number): void {
    this.registers[REG[name]] = typeof value === "bigint" ? value : BigInt(value);
    this.dirty = true;
  }

  /** The poll that it stands at, if it does. */
  get poll(): PollTrap | undefined {
    return this.position.kind === "poll" ? this.position.trap : undefined;
  }

  /** Where a debugger has stopped it, if one has. */
  get between(): Between | undefined {
    return this.position.kind === "between" ? this.position.between : undefined;
  }

  /** Whether its `rip` is a pc of the code cache. */
  get isInCache(): boolean {
    return this.position.kind !== "program" && this.position.kind !== "between";
  }

  /** Its `rip`: a pc of the code cache, or of the program where it is not in there ({@link isInCache}). */
  get pc(): number {
    return this.number("rip");
  }

  /** The same, of 64 bits: where a program has gone astray it may be no address. */
  get pcBits(): bigint {
    return this.get("rip");
  }

  set pcBits(pc: number | bigint) {
    this.set("rip", pc);
  }

  /** Its stack pointer. */
  get stackPointer(): bigint {
    return this.get("rsp");
  }

  /** The result of the system call that it has ended, as the program gets it. */
  get result(): bigint {
    return BigInt.asIntN(64, this.get("rax"));
  }

  set result(value: number | bigint) {
    this.set("rax", BigInt.asUintN(64, BigInt(value)));
  }

  /** The number of the system call that it is in. */
  get callNumber(): number {
    return Number(BigInt.asIntN(32, this.get("orig_rax")));
  }

  /** It is in no system call, as far as the kernel knows: none is started again. */
  forgetCall(): void {
    this.set("orig_rax", NO_CALL);
  }

  /** It is in this system call, as far as the kernel knows, which may start it again. */
  entersCall(number: number): void {
    this.set("orig_rax", number);
  }

  /** Makes it call the kernel by the `syscall` at a pc when it goes on. */
  callAt(pc: number, number: number): void {
    this.set("rip", pc);
    this.set("rax", number);
    this.forgetCall();
  }

  /** What the processor leaves of a call where the program goes on behind it: the program's own pc. */
  leaveCallAt(next: number): void {
    this.set("rcx", next);
  }

  /** What an argument register holds now; at a call the kernel is going to see that. */
  argumentRegister(i: number): bigint {
    return this.get(ARGUMENT_REGISTERS[i]!);
  }

  /** Gives an argument register another value. */
  setArgument(i: number, value: number | bigint): void {
    this.set(ARGUMENT_REGISTERS[i]!, value);
  }

  /** Whether the program single-steps itself. */
  get stepsItself(): boolean {
    return (this.get("eflags") & TRAP_FLAG) !== 0n;
  }

  /** It does not single-step itself any more. */
  forgetTrapFlag(): void {
    this.set("eflags", this.get("eflags") & ~TRAP_FLAG);
  }

  /** Whether it runs 64-bit code. */
  get isWide(): boolean {
    return this.get("cs") === USER_CS;
  }

  /** Whether it runs 32-bit code, which no translation can. */
  get isNarrow(): boolean {
    return this.get("cs") === USER32_CS;
  }

  /** Puts the program's registers in place of its own, all but the pc. */
  load(registers: Registers): void {
    intoKernel(registers, this.registers);
    this.dirty = true;
  }

  /**
   * {@link load}, for a frame that is to say what it would say here: the kernel's own flags tell whether an instruction
   * was interrupted (RF), and the program's view has none of that.
   */
  loadInterrupted(registers: Registers): void {
    const resumeFlag = this.get("eflags") & RESUME_FLAG;
    this.load(registers);
    this.set("eflags", this.get("eflags") | resumeFlag);
  }

  /** Lets the task go on at an app pc, with the registers as they are. */
  jumpTo(pc: number): void {
    this.position = { kind: "program", pc };
    this.step = undefined;
  }

  /** Lets a task that is in the cache go on where it stands, in whichever code cache its space has by then. */
  leaveCache(): void {
    const { position } = this;
    switch (position.kind) {
      case "program":
      case "between":
        throw new Error(`engine invariant broken: task ${this.tid} leaves a code cache that it is not in`);
      case "call":
        this.set("rcx", position.next);
        this.jumpTo(position.next);
        break;
      case "poll":
      case "cache":
        this.jumpTo(programPc(position));
        break;
    }
  }

  /** Makes it stand between two instructions, wherever in the code cache it is. */
  leaveForStop(): void {
    if (this.between !== undefined) return;
    if (this.isInCache) this.leaveCache();
    const pc = programPc(this.position);
    this.step = undefined;
    this.position = { kind: "between", between: { origin: pc, pc, counted: undefined } };
  }

  /** What has retired where it stands: the count of a branch that comes only next is not among it. */
  get retiredTicks(): number {
    return this.ticks - (this.between?.counted === "tick" ? 1 : 0);
  }

  /**
   * Lets a task that stands between two instructions go on there as at any app pc: the count of a branch that has not
   * retired is taken back.
   *
   * @returns The app pc.
   */
  leaveStop(): number {
    const { between } = this;
    if (between === undefined)
      throw new Error("engine invariant broken: a stop is left that no task stands at");
    if (between.counted === "tick") this.ticks--;
    else if (between.counted === "jump") this.jumps--;
    this.jumpTo(between.pc);
    return between.pc;
  }

  /** The program's view of the registers, standing at `pc`. */
  view(pc: number): Registers {
    return toRegisters(this.registers, pc);
  }
}

/** Where a task stands between two events; what a switch event says of it. */
export interface Standing {
  point: SwitchPoint;
  registers: Registers;
  /** With point "step" only. */
  steps?: Steps;
}
