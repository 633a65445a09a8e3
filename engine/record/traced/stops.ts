/**
 * Where a traced task stops for its tracer: at signals, at both ends of its calls, and at what options ask for (ptrace(2)).
 * Each method is asked at such a place and says whether the task is held there; it then goes on as `going-on.ts` says.
 */
import { CLONE, PTRACE_EVENT, SI, SIG, SYSCALLS } from "../../../ffi/mod.ts";
import { stepped } from "../../arch/x86_64/traced-registers.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import type { StashedSignal } from "../../tracee/task.ts";
import type { Call } from "../call.ts";
import { asksFor, cloneRequest } from "../clone-request.ts";
import type { Delivery, DeliveryPoint } from "../delivery.ts";
import { userOf } from "../kernel-state.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { registersBehind, type Tracees } from "./tracees.ts";
import { siginfo, type TracedStop, Tracing } from "./tracing.ts";

/** si_code of the trap behind a system call that was stepped over (user_single_step_report in arch/x86/kernel/ptrace.c). */
const TRAP_BRKPT = 1;
/** Messages of the stops at both ends of a system call (linux/ptrace.h). */
const ENTRY_MESSAGE = 1n;
const EXIT_MESSAGE = 2n;

/** See the file's head. */
export class TracedStops {
  constructor(private readonly tracees: Tracees) {}

  /** A signal is to be delivered. @returns What becomes of that; undefined if it is no tracer's business. */
  atSignal(task: RecordedTask, stashed: StashedSignal, where: DeliveryPoint): Delivery | undefined {
    const { tracing } = task;
    const asked = this.tracees.askedBy(stashed.siginfo);
    if (asked !== undefined && tracing === undefined) return "ignored";
    if (tracing === undefined || where.isPassed) return undefined;
    const { signal } = stashed;
    const stop = asked ?? ({ kind: "signal", signal, siginfo: stashed.siginfo } as const);
    const registers = tracing.steps ? stepped(where.registers) : where.registers;
    this.tracees.hold(task, stop, { kind: "delivery", where: { ...where, registers } });
    return "held";
  }

  /** A task's tracer lets a signal pass that stops its process: all of its threads stop. */
  ofGroup(task: RecordedTask, signal: number, where: DeliveryPoint): void {
    const stop = { kind: "group", signal } as const;
    for (const other of task.process.tasks)
      if (other !== task && other.tracing && !other.tracing.hold) this.tracees.ask(other, stop);
    this.tracees.hold(task, stop, { kind: "delivery", where });
  }

  /** A task dies of a signal: its tracer may want to look at it before. @returns Whether it does. */
  atDeath(task: RecordedTask, dies: StashedSignal, where: DeliveryPoint): boolean {
    const { tracing } = task;
    if (!tracing?.has("TRACEEXIT") || tracing.isExiting) return false;
    tracing.message = BigInt(dies.signal);
    tracing.isExiting = true;
    this.tracees.hold(
      task,
      { kind: "event", event: PTRACE_EVENT.EXIT },
      { kind: "delivery", where, comes: dies, isKnown: true },
    );
    return true;
  }

  /** A task has come to a system call. @returns Whether its tracer has it stopped there. */
  atEntry(task: RecordedTask, site: CallSite): boolean {
    const { tracing } = task;
    if (!tracing) return false;
    tracing.lastCall = -1;
    const passes = tracing.passesEntry;
    tracing.passesEntry = false;
    if (passes || !tracing.stopsAtCalls) return false;
    tracing.message = ENTRY_MESSAGE;
    this.tracees.hold(task, { kind: "entry" }, { kind: "entry", site });
    return true;
  }

  /** The kernel starts a call of a task once more. @returns Whether its tracer has it stopped there. */
  again(task: RecordedTask, { site }: Call): boolean {
    if (!task.tracing?.stopsAtCalls) return false;
    task.tracing.message = ENTRY_MESSAGE;
    this.tracees.hold(task, { kind: "entry" }, { kind: "entry", site });
    return true;
  }

  /** A signal has broken off the call of a task. @returns Whether its tracer has it stopped at the end of that. */
  broken(task: RecordedTask, comes: StashedSignal, where: DeliveryPoint): boolean {
    if (task.tracing?.going !== "syscall") return false;
    task.tracing.message = EXIT_MESSAGE;
    this.tracees.hold(task, { kind: "exit" }, { kind: "delivery", where, comes });
    return true;
  }

  /**
   * A filter of system calls has the tracer of a task asked about the call at whose entry it stands.
   *
   * @returns Whether it stops for that; undefined if it has no tracer that wants to know.
   */
  atFilter(task: RecordedTask, call: Call, reason: number): boolean | undefined {
    const { tracing } = task;
    if (!tracing?.has("TRACESECCOMP")) return undefined;
    const passes = tracing.passesFilter;
    tracing.passesFilter = false;
    if (passes) return false;
    tracing.message = BigInt(reason);
    task.call = undefined;
    this.tracees.hold(
      task,
      { kind: "event", event: PTRACE_EVENT.SECCOMP },
      { kind: "entry", site: call.site },
    );
    return true;
  }

  /** A task is at exit or exit_group. @returns Whether its tracer has it stopped there. */
  atExit(task: RecordedTask, call: Call): boolean {
    const { tracing } = task;
    if (!tracing?.has("TRACEEXIT") || tracing.isExiting) return false;
    tracing.message = BigInt((call.int(0) & 0xff) << 8);
    tracing.isExiting = true;
    task.call = undefined;
    this.tracees.hold(task, { kind: "event", event: PTRACE_EVENT.EXIT }, { kind: "entry", site: call.site });
    return true;
  }

  /** A call has ended, and has its event. @returns Whether its tracer has the task stopped behind it. */
  behind(task: RecordedTask, call: Call): boolean {
    const { tracing } = task;
    if (!tracing) return false;
    tracing.lastCall = call.spec?.task === "sigreturn" ? -1 : call.number;
    const request = cloneRequest(call);
    const isVfork = request !== undefined && asksFor(request, CLONE.VFORK) && call.result > 0;
    if (!isVfork || !tracing.has("TRACEVFORKDONE")) return this.atEnd(task);
    tracing.message = BigInt(call.result);
    const event = { kind: "event", event: PTRACE_EVENT.VFORK_DONE } as const;
    this.tracees.hold(task, event, { kind: "behind", registers: registersBehind(task), endsCall: true });
    return true;
  }

  /** A task stands behind a call, and all else is told of it. @returns Whether its tracer has it stopped there. */
  atEnd(task: RecordedTask): boolean {
    const { tracing } = task;
    if (tracing?.going !== "syscall" && !tracing?.steps) return false;
    const trap = siginfo(SIG.SIGTRAP, TRAP_BRKPT, 0, 0);
    if (tracing.going === "syscall") tracing.message = EXIT_MESSAGE;
    const stop: TracedStop =
      tracing.going === "syscall" ? { kind: "exit" } : { kind: "signal", signal: SIG.SIGTRAP, siginfo: trap };
    this.tracees.hold(task, stop, { kind: "behind", registers: registersBehind(task) });
    return true;
  }

  /**
   * A task runs a new program. Its tracer is told by an event, or by a SIGTRAP that the task sends itself (ptrace_event in
   * linux/ptrace.h, Linux 6.18).
   *
   * @param former Its id before: a thread takes the leader's.
   * @returns Whether it is stopped.
   */
  atExec(task: RecordedTask, former: number): boolean {
    const { tracing } = task;
    if (!tracing) return false;
    tracing.lastCall = SYSCALLS.execve;
    if (tracing.has("TRACEEXEC")) {
      tracing.message = BigInt(former);
      const event = { kind: "event", event: PTRACE_EVENT.EXEC } as const;
      this.tracees.hold(task, event, { kind: "behind", registers: registersBehind(task), endsCall: true });
      return true;
    }
    if (!tracing.isSeized) {
      const trap = siginfo(SIG.SIGTRAP, SI.USER, task.tid, userOf(task.tid));
      task.stashed.push({ signal: SIG.SIGTRAP, siginfo: trap });
    }
    return this.atEnd(task);
  }

  /**
   * A task has made another one, in a call that still lasts.
   *
   * @returns Whether its own tracer has it stopped there.
   */
  atBirth(parent: RecordedTask, child: RecordedTask, call: Call): boolean {
    const { tracing } = parent;
    const request = cloneRequest(call);
    if (!tracing || !request) return false;
    const [option, event] = birthEvent(call);
    const isUntraced = asksFor(request, CLONE.UNTRACED);
    const isTold = tracing.has(option) && !isUntraced;
    if (isTold || asksFor(request, CLONE.PTRACE)) {
      child.tracing = new Tracing(tracing.tracer, tracing.isSeized, tracing.options);
      const stop: TracedStop = tracing.isSeized
        ? { kind: "group", signal: SIG.SIGTRAP }
        : { kind: "signal", signal: SIG.SIGSTOP, siginfo: siginfo(SIG.SIGSTOP, SI.USER, 0, 0) };
      child.tracing.lastCall = call.number;
      this.tracees.hold(child, stop, { kind: "behind", registers: child.view(call.next) });
    }
    if (!isTold) return false;
    tracing.message = BigInt(child.tid);
    this.tracees.hold(parent, { kind: "event", event }, { kind: "birth" });
    return true;
  }

  /** A task that is stepped stands at the first instruction of a handler. */
  atHandler(task: RecordedTask): void {
    const trap = siginfo(SIG.SIGTRAP, SIG.SIGTRAP, task.tid, userOf(task.tid));
    this.tracees.hold(
      task,
      { kind: "signal", signal: SIG.SIGTRAP, siginfo: trap },
      { kind: "behind", registers: registersBehind(task) },
    );
  }
}

/** Which event a birth is (kernel_clone in kernel/fork.c, Linux 6.18), and the option that asks for it. */
function birthEvent(call: Call): ["TRACEFORK" | "TRACEVFORK" | "TRACECLONE", number] {
  const request = cloneRequest(call);
  if (request && asksFor(request, CLONE.VFORK)) return ["TRACEVFORK", PTRACE_EVENT.VFORK];
  if (request?.exitSignal !== SIG.SIGCHLD) return ["TRACECLONE", PTRACE_EVENT.CLONE];
  return ["TRACEFORK", PTRACE_EVENT.FORK];
}
