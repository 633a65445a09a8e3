/**
 * The places in the code cache where translated code traps into the tracer, and what each of them means.
 */

/** A direct branch whose target was not translated yet. */
export interface ExitTrap {
  kind: "exit";
  /** App pc that the program goes on at. */
  target: number;
  /** Address of the relative operand that leads here, to be linked. */
  site: number;
  /** Address of this stub: the trap, and 14 bytes for a far jump behind it. */
  stub: number;
}

/** A tick or back-jump counter ran out. */
export interface PollTrap {
  kind: "poll";
  counter: "tick" | "jump";
  /** App pc of the instruction that comes next. */
  pc: number;
  /** Flags that hold garbage (RFLAGS bits); 0 where the update kept the flags and spilled rcx instead. */
  garbageFlags: number;
  /** Cache pc behind the trap, where execution goes on. */
  resume: number;
}

/** An instruction that the tracer emulates, or can't run. */
export interface InstructionTrap {
  kind: "instruction";
  action: "emulate" | "breakpoint" | "unsupported";
  name: string;
  pc: number;
  /** 0 where the processor alone knows it. */
  length: number;
  /** Cache pc behind the trap; if it is emulated, behind its copy and the trap that follows that. */
  resume: number;
}

/** What a described host wants to be told of besides ticks. */
export interface Noted {
  /** Edges of elided critical sections, or locked instructions: the program traps there. */
  readonly traps: "nothing" | "elisions" | "locks";
  /** All that the program retires is counted (`retired.ts`). */
  readonly retired: boolean;
}

/** Nothing besides ticks. */
export const TICKS_ALONE: Noted = { traps: "nothing", retired: false };

/** An instruction with an elision prefix comes next: a critical section begins or ends. Or a locked one comes. */
export interface ElisionTrap {
  kind: "elision";
  edge: "acquire" | "release" | "lock";
}

/** An indirect branch to a target without an IBL entry: the app pc is in rcx, rcx and rax are spilled. */
export interface MissTrap {
  kind: "miss";
}

/** The end of an instruction that was translated alone. */
export interface StepTrap {
  kind: "step";
  /** App pc of the next one; it is in rcx, whose own value is spilled, if this is undefined. */
  target: number | undefined;
  /** The processor's trap does not come yet. */
  holdsTrap: boolean;
}

/** The x87 unit would store an address of the cache as that of its last instruction. */
export interface X87Trap {
  kind: "x87";
}

/** The entry of a translation that is no longer valid. */
export interface DeadTrap {
  kind: "dead";
  target: number;
}

/**
 * A place between two instructions. A basic block that is gone on with there counts its branch where it would have done so
 * had it never been left, so that ticks stay where they are in the recording.
 */
export interface Between {
  /** App pc at which the basic block begins. */
  origin: number;
  /** App pc of the instruction that comes next. */
  pc: number;
  /** The branch at the basic block's end is counted already, though not retired. */
  counted: "tick" | "jump" | undefined;
}

/** A place where a debugger wants a task to stop: at a breakpoint, or behind the one instruction of a step. */
export interface StopTrap {
  kind: "stop";
  reason: "breakpoint" | "step";
  /** Undefined where an indirect branch leads: the app pc is in rcx, and rcx is spilled. */
  at: Between | undefined;
  /** Flags that hold garbage (RFLAGS bits). */
  garbageFlags: number;
}

export type Trap =
  | ExitTrap
  | PollTrap
  | InstructionTrap
  | ElisionTrap
  | MissTrap
  | X87Trap
  | StepTrap
  | DeadTrap
  | StopTrap;

/** Where the program is when the processor stands at some cache pc. */
export interface Position {
  /** App pc of the instruction that is being executed. */
  pc: number;
  /** rcx is in the context's slot for indirect jumps. */
  rcxSpilled: boolean;
  /** rax is in the context. */
  raxSpilled: boolean;
  /** rcx is in the context's slot for tick updates. */
  tickRcxSpilled: boolean;
  /** The branch at the end of the basic block is counted already, though not retired. */
  counted: "tick" | "jump" | undefined;
  /** Arithmetic flags that hold garbage, as RFLAGS bits; the program never reads them. */
  garbageFlags: number;
}
