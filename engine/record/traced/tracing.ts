/**
 * What is known of a task that another task of its recording traces by ptrace(2). Its only real tracer is the recorder, so all
 * of that is emulated: a stop that its tracer is to hear of is a *hold* here, in which the recorder keeps the task out of the
 * schedule until the tracer lets it go on.
 *
 * Invariant: a task in a hold is in a stop for real, too, so that its memory and all its registers can be had; it has been
 * in no code since. What its tracer sees of the general registers, and sets, are those of the hold: the program's own.
 */
import { PTRACE_EVENT, PTRACE_O, SIG, SIGINFO, SYSCALL_STOP } from "../../../ffi/mod.ts";
import { DebugRegisters } from "../../arch/x86_64/debug-registers.ts";
import type { Registers } from "../../trace/events.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { StashedSignal, Task } from "../../tracee/task.ts";
import type { DeliveryPoint } from "../delivery.ts";

/** Why a traced task stands still (ptrace(2), "Stopped states"). */
export type TracedStop =
  /** A signal is to be delivered: its tracer decides whether it is, and which. */
  | { readonly kind: "signal"; readonly signal: number; siginfo: Uint8Array }
  /** In front of a system call, or behind it. */
  | { readonly kind: "entry" | "exit" }
  /** One of PTRACE_EVENT, which has a message. */
  | { readonly kind: "event"; readonly event: number }
  /** Its whole process is stopped by a signal; SIGTRAP for one that has been interrupted, or is new. */
  | { readonly kind: "group"; readonly signal: number };

/** Where it stands meanwhile: that decides how it goes on. */
export type HeldAt =
  /** Where a signal is to be delivered; or one that comes next in any case, which the tracer knows of already or not. */
  | {
      readonly kind: "delivery";
      readonly where: DeliveryPoint;
      readonly comes?: StashedSignal;
      readonly isKnown?: boolean;
    }
  /** At the entry of a system call, which is not begun. */
  | { readonly kind: "entry"; readonly site: CallSite }
  /** Where its last event has left it, with these registers; `endsCall` if the end of a call is still to be told. */
  | { readonly kind: "behind"; readonly registers: Registers; readonly endsCall?: boolean }
  /** In the midst of a call that has made a task. */
  | { readonly kind: "birth" };

/** A traced task that stands still. */
export interface Hold {
  readonly stop: TracedStop;
  readonly at: HeldAt;
  /** Registers as its tracer sees and sets them, in the kernel's order, and as they were at first. */
  readonly registers: BigUint64Array;
  readonly initial: BigUint64Array;
  /** The tracer has set the vector registers, too. */
  setsVectors: boolean;
  /** It has a trap flag that is not its own: that goes. */
  readonly endsStep: boolean;
  /** The tracer was told of it by a wait. */
  isTold: boolean;
}

/**
 * How a traced task goes on: until a signal, until its next system call, likewise without doing that, by one instruction,
 * or by one instruction without doing a system call.
 */
export type Going = "on" | "syscall" | "sysemu" | "step" | "sysemuStep";

/** What becomes of a held task that is let go. */
export interface Release {
  going: Going;
  /** The signal that it gets; 0 for none. */
  signal: number;
  /** Nobody traces it any more. */
  detaches: boolean;
}

/** A task and its tracer. */
export class Tracing {
  hold: Hold | undefined;
  /** How it was let go on last. */
  going: Going = "on";
  /** Message of its last event (PTRACE_GETEVENTMSG). */
  message = 0n;
  /** It comes once more to a call whose entry its tracer knows, or to its end. */
  passesEntry = false;
  /** Its tracer knows that a filter of system calls has it asked. */
  passesFilter = false;
  /** Its tracer knows that it is about to exit. */
  isExiting = false;
  /** Number of the call that it has ended last, while nothing has run since; -1 for none. */
  lastCall = -1;
  /** Where it stops, and what is watched in it. */
  readonly debug = new DebugRegisters();
  /** Its stop has its whole process's (PTRACE_LISTEN). */
  listens = false;

  /**
   * @param isSeized It was attached to by PTRACE_SEIZE.
   * @param options PTRACE_O_*.
   */
  constructor(
    readonly tracer: Task,
    readonly isSeized: boolean,
    public options: number,
  ) {}

  /** Whether an option is set. */
  has(option: keyof typeof PTRACE_O): boolean {
    return (this.options & PTRACE_O[option]) !== 0;
  }

  /** Whether each of its system calls has to stop. */
  get stopsAtCalls(): boolean {
    return this.going === "syscall" || this.emulates;
  }

  /** Whether its system calls are left to its tracer. */
  get emulates(): boolean {
    return this.going === "sysemu" || this.going === "sysemuStep";
  }

  /** Whether it goes on by one instruction. */
  get steps(): boolean {
    return this.going === "step" || this.going === "sysemuStep";
  }
}

/** The exit code that a wait finds of a stop (ptrace_stop in kernel/signal.c, Linux 6.18): signal and event. */
export function stopCode({ stop }: Hold, tracing: Tracing): number {
  switch (stop.kind) {
    case "signal":
      return stop.signal;
    case "entry":
    case "exit":
      return SIG.SIGTRAP | (tracing.has("TRACESYSGOOD") ? SYSCALL_STOP : 0);
    case "event":
      return SIG.SIGTRAP | (stop.event << 8);
    case "group":
      return stop.signal | (tracing.isSeized ? PTRACE_EVENT.STOP << 8 : 0);
  }
}

/** What PTRACE_GETSIGINFO says of a stop (ptrace_do_notify in kernel/signal.c); undefined for a group stop. */
export function stopInfo(hold: Hold, tracing: Tracing, { tid }: Task, uid: number): Uint8Array | undefined {
  const { stop } = hold;
  if (stop.kind === "signal") return stop.siginfo;
  if (stop.kind === "group" && !tracing.isSeized) return undefined;
  const code = stopCode(hold, tracing);
  const signal = stop.kind === "group" ? stop.signal : SIG.SIGTRAP;
  return siginfo(signal, code, tid, uid);
}

/** A siginfo_t of a signal that a process has sent, or the kernel in its name. */
export function siginfo(signal: number, code: number, pid: number, uid: number, status = 0): Uint8Array {
  const bytes = new Uint8Array(SIGINFO.size);
  const view = new DataView(bytes.buffer);
  view.setInt32(SIGINFO.si_signo, signal, true);
  view.setInt32(SIGINFO.si_code, code, true);
  view.setInt32(SIGINFO.si_pid, pid, true);
  view.setInt32(SIGINFO.si_uid, uid, true);
  view.setInt32(SIGINFO.si_status, status, true);
  return bytes;
}

/** Stops of a task that the recorder has asked for, by a SIGSTOP of its own. */
export class StopWishes {
  /** It waits for what it traces, and there is news. */
  wakes = false;
  /** It is to stop for its tracer: by this. */
  stop: TracedStop | undefined;

  /** Whether there is any. */
  get any(): boolean {
    return this.wakes || this.stop !== undefined;
  }
}
