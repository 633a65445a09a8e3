/**
 * Calls that are not done, because a filter of the program's own keeps them from the kernel: what their tasks get instead is a
 * result, a signal, or the end. Nothing else of such a call is looked at, whatever it is.
 */
import { ERRNO, kill, SIG, SIGINFO } from "../../ffi/mod.ts";
import { leaveCall, numberOf } from "../arch/x86_64/call-abi.ts";
import { NOTIFY_PLACE } from "../tracee/call-stub.ts";
import type { Call } from "./call.ts";
import type { Deaths } from "./deaths.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import type { Judgement } from "./seccomp/mod.ts";
import type { SignalRecorder } from "./signal-recorder.ts";

/** Ends calls without the kernel. */
export class WithheldCalls {
  /**
   * @param cancel Lets the call that a task has entered come to nothing.
   * @param letSleep Leaves a task to the kernel until its call has ended.
   */
  constructor(
    private readonly recording: Recording,
    private readonly deaths: Deaths,
    private readonly signals: SignalRecorder,
    private readonly cancel: (task: RecordedTask) => void,
    private readonly letSleep: (task: RecordedTask) => void,
  ) {}

  /** Ends a call at whose entry a task stands. @returns Whether it is not to be done, or not yet. */
  end(task: RecordedTask, call: Call, judgement: Judgement): boolean {
    const { tracedStops } = this.recording;
    switch (judgement.kind) {
      case "trace": {
        const stops = tracedStops.atFilter(task, call, judgement.reason);
        if (stops !== undefined) return stops;
        this.refuse(task, call, -ERRNO.ENOSYS);
        break;
      }
      case "result":
        this.refuse(task, call, judgement.result);
        break;
      case "notify":
        this.ask(task, call);
        break;
      case "signal":
        if (this.signals.isFatal(task, SIG.SIGSYS)) this.killProcess(task, call, judgement.siginfo);
        else this.signal(task, call, judgement.siginfo);
        break;
      case "killProcess":
        this.killProcess(task, call, judgement.siginfo);
        break;
      case "killThread":
        this.killThread(task, call, judgement.signal);
        break;
    }
    return true;
  }

  private refuse(task: RecordedTask, call: Call, result: number): void {
    this.cancel(task);
    this.answer(task, call, BigInt(result));
    this.recording.tracedStops.behind(task, call);
  }

  /** Has the kernel ask a supervisor: it takes the call for one that comes from a place of the engine's. */
  private ask(task: RecordedTask, call: Call): void {
    const { notifications, schedule } = this.recording;
    call.askedAt = task.pcBits;
    notifications.begin(task, call);
    task.pcBits = NOTIFY_PLACE;
    schedule.block(task);
    this.letSleep(task);
    this.recording.disturbed = true;
  }

  /** A supervisor has answered: by what the call's result is to be, or by letting it be made. */
  told(task: RecordedTask, call: Call, askedAt: bigint): void {
    task.pcBits = askedAt;
    // It may have given the task a descriptor, in the place of any that it had.
    task.descriptors.forgetAll();
    if (!this.recording.notifications.end(task)) {
      this.answer(task, call, task.result);
      return;
    }
    task.call = undefined;
    task.load(call.registers);
    task.letGoOn = { pc: call.pc, ticks: task.ticks };
    task.jumpTo(call.pc);
  }

  /** The call of a task has ended, as far as the kernel and the program go. */
  private answer(task: RecordedTask, call: Call, result: bigint): void {
    task.call = undefined;
    task.returnedTo = task.pc;
    task.resumed = undefined;
    task.result = result;
    this.recording.emit(task, {
      kind: "syscall",
      task: task.id,
      ticks: task.ticks,
      registers: call.registers,
      number: call.number,
      result: task.result,
      writes: [],
      stream: 0,
      outputHash: 0n,
      withheld: true,
    });
    this.recording.callDone(task);
    this.recording.outsiders.after(task);
  }

  /** The handler finds the registers as they were before the call, but for the pc, and may give a result itself. */
  private signal(task: RecordedTask, call: Call, siginfo: Uint8Array): void {
    this.cancel(task);
    this.answer(task, call, BigInt.asIntN(64, numberOf(call.registers)));
    const registers = task.view(call.next);
    leaveCall(registers, call.next);
    const stashed = { signal: SIG.SIGSYS, siginfo };
    this.deliver(task, () =>
      this.signals.deliver(task, stashed, { point: "return", registers, atSignalStop: false, forced: true }),
    );
  }

  private killProcess(task: RecordedTask, call: Call, siginfo: Uint8Array): void {
    const { registers } = call;
    this.cancel(task);
    task.call = undefined;
    task.load(registers);
    const signal = new DataView(siginfo.buffer, siginfo.byteOffset).getInt32(SIGINFO.si_signo, true);
    this.signals.makeFatal(task, signal);
    const stashed = { signal, siginfo };
    this.deliver(task, () =>
      this.signals.deliver(task, stashed, { point: "syscall", registers, atSignalStop: false, forced: true }),
    );
  }

  private deliver(task: RecordedTask, act: () => string): void {
    if (act() === "dying") this.deaths.reap(task);
  }

  private killThread(task: RecordedTask, call: Call, signal: number): void {
    const { process } = task;
    if (process.tasks.size > 1) {
      this.deaths.endAlone(task, call);
      return;
    }
    this.recording.finishOutput(process);
    task.exiting = call.registers;
    this.deaths.expect(task);
    kill(process.pid, signal);
    this.deaths.reap(task);
  }
}
