/**
 * Recording on a described host: the program's questions to perf, cpuid and the files that tell of the host are
 * answered by a model, which is told how far each task has come.
 *
 * Replay needs none of it: answers, signals and memory are in the trace like the kernel's own.
 */
import { statSync } from "node:fs";
import { MAP, PERF_IOC, type PerfSystem, POLL, SIG, SIGINFO, SYSCALLS } from "../../../ffi/mod.ts";
import { describedProcessor } from "../../arch/x86_64/described-cpuid.ts";
import type { ProcessorWords } from "../../arch/x86_64/visible-cpuid.ts";
import { invariant } from "../../engine-error.ts";
import type { HostModel, Overflow } from "../../host/model-api.ts";
import { blocks } from "../../kernel/mod.ts";
import type { HostLogLine } from "../../trace/host-log.ts";
import { FAULT_SIGNALS } from "../../tracee/fault.ts";
import { type ElisionTrap, type Noted, TICKS_ALONE } from "../../translate/traps.ts";
import type { Call } from "../call.ts";
import type { Answer, Interceptor } from "../interceptor.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { HostFiles } from "./host-files.ts";
import { KernelLog } from "./kernel-log.ts";
import { PerfCalls } from "./perf-calls.ts";
import { PerfFiles } from "./perf-file.ts";
import { PERF_MEMORY, PerfMemory } from "./perf-memory.ts";
import { ProgressFeed } from "./progress.ts";
import { Readiness } from "./readiness.ts";

/** Signals whose si_code has meanings of their own (linux/signal.h, sig_specific_sicodes). */
const OWN_CODES: readonly number[] = [...FAULT_SIGNALS, SIG.SIGCHLD];

/** si_band of POLL_HUP: POLLHUP | POLLERR (fs/fcntl.c, band_table). */
const HANGUP_BAND = 0x18n;

/** struct utsname: six fields of 65 bytes, the release is the third (asm-generic, linux/utsname.h). */
const UTSNAME = { release: 130, field: 65 } as const;

/** The interceptor that answers for the described host. */
export class DescribedHost implements Interceptor, Disposable {
  private readonly files = new PerfFiles();
  private readonly progress: ProgressFeed;
  private readonly calls: PerfCalls;
  private readonly hostFiles: HostFiles;
  private readonly log: KernelLog;
  private readonly memory: PerfMemory;
  private readonly readiness: Readiness;
  /** What is told of besides ticks. */
  private noted: Noted = TICKS_ALONE;
  /** The model may have written to memory that programs have mapped. */
  private stale = false;

  /**
   * @param model A fresh one, that nothing else runs on.
   * @param folder For copies of the host's folders, while the recording lasts.
   */
  constructor(
    private readonly recording: Recording,
    private readonly model: HostModel,
    folder: string,
  ) {
    this.progress = new ProgressFeed(model, (overflows) => this.raise(overflows));
    this.calls = new PerfCalls(recording, model, this.files);
    this.log = new KernelLog(model, () => recording.totals.events);
    this.hostFiles = new HostFiles(recording, model, folder, this.log);
    this.memory = new PerfMemory(recording);
    this.readiness = new Readiness(this.files, () => this.perf());
  }

  /** A task is about to run. */
  runs(task: RecordedTask): void {
    this.progress.switchTo(task);
  }

  /**
   * A task has stopped, its ticks are settled.
   *
   * @returns Whether counters have overflowed: their signals are on their way.
   */
  arrived(task: RecordedTask): boolean {
    if (!this.model.hasEvents) {
      task.reportedTicks = task.ticks;
      task.reportedRetired.set(task.retired);
      return false;
    }
    this.memory.takeTails();
    const overflowed = this.progress.report(task);
    this.show();
    return overflowed;
  }

  /** A task is at an instruction that no transaction survives. */
  aborts(task: RecordedTask): void {
    if (task.elidedFrom !== undefined) this.progress.report(task);
  }

  /** Ticks of a task at which its next interrupt comes; undefined if none is due. */
  nextStop(task: RecordedTask): number | undefined {
    return this.model.hasEvents ? this.progress.nextInterrupt(task) : undefined;
  }

  /**
   * Sections with elided locks, or locked instructions, are to be told of, and what retires is to be counted, as far as
   * the events that are open now need it. What was asked for once goes on.
   *
   * @param tasks All that there are.
   */
  noteWhatCounts(tasks: Iterable<RecordedTask>): void {
    const { tracer } = this.recording;
    const { hle, alwaysAborts } = this.model.profile.cpu.tsx;
    const { noted } = this;
    if (!this.model.hasEvents) return;
    const traps = hle && !alwaysAborts ? "elisions" : this.model.countsLocks ? "locks" : noted.traps;
    const retired = noted.retired || this.model.countsRetired;
    if (traps === noted.traps && retired === noted.retired) return;
    this.noted = { traps, retired };
    tracer.mapper.note(this.noted, new Set([...tasks].map(({ space }) => space.cacheSpace)));
  }

  /** A task passes an edge of an elided critical section, or a locked instruction. */
  elision(task: RecordedTask, edge: ElisionTrap["edge"], ticks: number): void {
    this.progress.elision(task, edge, ticks);
  }

  /** An instruction of a task has faulted: what has retired in front of it is counted, and it is not. */
  faults(task: RecordedTask): void {
    if (!this.noted.retired) return;
    const counts = task.space.cacheSpace.cache.retiredAtFault(task.pc);
    for (const [index, count] of (counts ?? []).entries()) task.retired[index]! += count;
  }

  /** How the model answers a call; undefined for one that is the kernel's. */
  answers(task: RecordedTask, call: Call): Answer | undefined {
    const answer = this.calls.answers(task, call);
    if (answer) this.stale = true;
    const ofHost = answer ? undefined : (this.log.answers(task, call) ?? this.hostFiles.answers(task, call));
    if (ofHost) return ofHost;
    if (answer || call.number !== SYSCALLS.mmap || call.int(3) & MAP.ANONYMOUS) return answer;
    const file = this.files.find(task.tid, call.int(4));
    const refusal = file ? this.memory.ask(file, this.perf(), call) : 0;
    return refusal < 0 ? () => refusal : undefined;
  }

  /** The kernel is going to do a call. */
  enters(task: RecordedTask, call: Call): void {
    this.hostFiles.redirect(task, call);
    if (this.files.any) {
      this.memory.enters(task, call);
      this.readiness.enters(task, call);
    }
    if (sleeps(task, call)) this.progress.switchAway();
  }

  /** The kernel has done a call, or it was answered; its result is known, its event is still to be written. */
  leaves(task: RecordedTask, call: Call): void {
    this.log.observe();
    this.hostFiles.takeBack(task);
    this.memory.leaves(task, call);
    this.readiness.leaves(task, call);
    this.show();
    if (call.number === SYSCALLS.uname && call.result === 0) {
      const release = new Uint8Array(UTSNAME.field);
      release.set(Buffer.from(this.model.profile.kernel.release).subarray(0, UTSNAME.field - 1));
      task.space.memory.write(call.argument(0) + UTSNAME.release, release);
    }
    if (call.number === SYSCALLS.perf_event_open && call.result >= 0)
      this.noteWhatCounts(this.recording.tasks.values());
    if (call.spec?.descriptors) this.closeAbandoned();
  }

  /** Shows programs what has changed in the memory that they have mapped of events. */
  private show(): void {
    if (!this.stale) return;
    this.stale = false;
    this.memory.show();
  }

  /** A signal is delivered: that of a counter's last overflow says so (perf_event_open(2), "Overflow handling"). */
  delivers(task: RecordedTask, siginfo: Uint8Array): void {
    const info = new DataView(siginfo.buffer, siginfo.byteOffset);
    this.model.signalled(info.getInt32(SIGINFO.si_signo, true));
    if (!this.files.any || OWN_CODES.includes(info.getInt32(SIGINFO.si_signo, true))) return;
    if (info.getInt32(SIGINFO.si_code, true) !== POLL.IN) return;
    if (!this.files.find(task.tid, info.getInt32(SIGINFO.si_fd, true))?.ended) return;
    info.setInt32(SIGINFO.si_code, POLL.HUP, true);
    info.setBigInt64(SIGINFO.si_band, HANGUP_BAND, true);
  }

  /** Memory that has been mapped of an event. */
  memoryAt(task: RecordedTask, address: number): string | undefined {
    return this.memory.isAt(task.space, address) ? PERF_MEMORY : undefined;
  }

  /** A task has made another one. */
  born(parent: RecordedTask, child: RecordedTask): void {
    this.model.fork(parent.tid, child.tid);
  }

  /** A task runs a new program from now on. */
  replaced(task: RecordedTask): void {
    this.closeAbandoned();
    for (const file of this.files) {
      if (file.target !== task.tid || !file.enableOnExec) continue;
      file.enableOnExec = false;
      this.perf().ioctl(file.fd, PERF_IOC.ENABLE, 0);
    }
  }

  /** A task is gone. */
  gone(task: RecordedTask): void {
    this.progress.forget(task);
    this.closeAbandoned();
  }

  processorSays(leaf: number, subleaf: number): ProcessorWords {
    return describedProcessor(this.model, leaf, subleaf);
  }

  /** What the kernels of the host have logged meanwhile. */
  logged(): HostLogLine[] {
    return this.log.lines();
  }

  /** Gives everything back. */
  [Symbol.dispose](): void {
    this.log[Symbol.dispose]();
    this.hostFiles[Symbol.dispose]();
    this.memory[Symbol.dispose]();
    this.files[Symbol.dispose]();
  }

  /** The perf system calls of whoever has the processor: descriptors are the same for all of the model's tasks. */
  private perf(): PerfSystem {
    const task = this.progress.current ?? this.recording.tasks.values().next().value;
    invariant(task, "a call on a counter by nobody");
    return this.model.perfFor(task.tid);
  }

  private closeAbandoned(): void {
    if (!this.files.any || this.recording.tasks.size === 0) return;
    for (const file of this.files.takeAbandoned()) {
      this.memory.close(file);
      this.perf().close(file.fd);
    }
  }

  /** Counters have overflowed: their owners hear of it from the kernel, as they have asked it to. */
  private raise(overflows: readonly Overflow[]): void {
    for (const overflow of overflows) {
      for (const file of this.files) {
        if (file.fd !== overflow.fd) continue;
        this.stale = true;
        this.readiness.overflowed(file);
      }
    }
  }
}

/** Whether a task that enters a call gives the processor up, as far as that can be told beforehand. */
function sleeps({ tid }: RecordedTask, call: Call): boolean {
  const { spec } = call;
  if (!spec || !blocks(spec, call) || spec.seldomSleeps === "ever") return false;
  if (spec.seldomSleeps !== "forFiles") return true;
  return statSync(`/proc/${tid}/fd/${call.int(0)}`, { throwIfNoEntry: false })?.isFile() === false;
}
