/**
 * What the recorder does around one system call: what it refuses, what it changes for the kernel's eyes, and
 * what it writes down of the outcome.
 */
import { readlinkSync, statSync } from "node:fs";
import { ERRNO, KERNEL_SIGACTION, MADV, MAP, PROT, SHM, SIG, SIGSET_SIZE, SYSCALLS } from "../../ffi/mod.ts";
import { Unsupported } from "../engine-error.ts";
import type { MemoryRange } from "../kernel/mod.ts";
import { answer, blocks, evaluate, outputRanges, refusal, syscallSpec } from "../kernel/mod.ts";
import { applyMemoryCall, certainAdvice } from "../session/memory-calls.ts";
import type { MappingRecord, MemoryWrite } from "../trace/events.ts";
import { MAX_CHUNK_BYTES } from "../trace/mod.ts";
import type { CallSite } from "../tracee/call-site.ts";
import { givenRights, pageEnd } from "../tracee/mappings.ts";
import { choseProcessors, showAllProcessors } from "./affinity.ts";
import { AttachedSegments } from "./attached.ts";
import { Call } from "./call.ts";
import { hideFlags, waitsForChild } from "./clone-request.ts";
import { keepCompared, tellCompared } from "./compared-memory.ts";
import { CounterMonitor } from "./descriptors/counters.ts";
import type { MappedFiles } from "./descriptors/mapped-files.ts";
import { FileMonitors } from "./descriptors/monitor.ts";
import { OutputMonitor } from "./descriptors/output.ts";
import { ProcViews } from "./descriptors/proc-views.ts";
import { ProcessMemory } from "./descriptors/process-memory.ts";
import { kernelMapOutputs } from "./kernel-maps.ts";
import { placeLibrary } from "./library-place.ts";
import { answerOffLimits } from "./off-limits.ts";
import { endOfFreeable, partDone } from "./partial-effects.ts";
import { impliedChange, impliedRights, keepLayout, showPersonality } from "./personality.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { changedStack, growing, growingStart } from "./stack.ts";
import { hideIgnoredTrap, mendTrap } from "./trap-signal.ts";

/** Most bytes that one read may bring, so that its event fits into a chunk of the trace. */
const MAX_TRANSFER = MAX_CHUNK_BYTES / 2;

/** Result of a call that has filled all the room that it was given. */
const ALL_THAT_FITS = 2 ** 31;

const ENOSYS = -38;

/** Whether a call sends SIGKILL, of which nobody hears before it is too late. */
export function mayKill(call: Call): boolean {
  return sentSignal(call) === SIG.SIGKILL;
}

/** The signal that a call sends, or 0. */
export function sentSignal(call: Call): number {
  const signal = call.spec?.signal;
  return signal === undefined ? 0 : evaluate(signal, call);
}

/** Prepares a system call at its entry, and writes its outcome at its end. */
export class SyscallRecorder {
  private readonly files: MappedFiles;
  private readonly output = new OutputMonitor();
  private readonly monitors: FileMonitors;
  private readonly segments = new AttachedSegments();

  constructor(private readonly recording: Recording) {
    this.files = recording.files;
    this.monitors = new FileMonitors([
      this.output,
      new CounterMonitor(),
      recording.quiet,
      recording.files,
      new ProcessMemory(recording),
      new ProcViews(recording),
    ]);
  }

  /** A task stands at a system call. */
  begin(task: RecordedTask, site: CallSite): Call {
    const spec = syscallSpec(site.number);
    const call = new Call(site, spec, task.space);
    if (spec !== undefined) call.refusal = refusal(spec, call) ?? sealsText(task, call);
    return call;
  }

  /** The result to give instead of asking the kernel, or undefined. */
  answer(task: RecordedTask, call: Call): number | undefined {
    const { spec } = call;
    if (!spec) return ENOSYS;
    const fixed = answer(spec, call);
    if (fixed !== undefined) return fixed;
    return this.monitors.answers(task, call) ?? answerOffLimits(call);
  }

  /**
   * The kernel starts a call once more, for which it looks at its arguments again.
   *
   * @throws Unsupported if it would now do what is denied: it can't be answered any more.
   */
  startsAgain(task: RecordedTask, call: Call): void {
    if (!this.recording.interceptors.mustAnswer(task, call)) return;
    throw new Unsupported(
      `the system call ${call.spec?.name} at 0x${call.pc.toString(16)} became one that is denied while it waited`,
    );
  }

  /** Memory that the kernel may write in the course of a call, at its entry: more than it will, rather than less. */
  possibleOutputs(task: RecordedTask, call: Call): readonly MemoryRange[] {
    if (!call.spec || task.space.guarded.size === 0) return [];
    call.result = ALL_THAT_FITS;
    const ranges = [...outputRanges(call.spec, call), ...this.monitors.targets(task, call)];
    call.result = 0;
    // The kernel grows or moves only what is one mapping.
    if (call.spec.memory === "move") ranges.push({ address: call.argument(0), length: call.argument(1) });
    return ranges;
  }

  /** Whether other tasks have to run, or to be looked after, before the call can end. */
  maySleep(task: RecordedTask, call: Call): boolean {
    const { spec } = call;
    if (!spec) return false;
    if (spec.task === "birth") return waitsForChild(call);
    // A leader that kills itself can't be waited for before its threads.
    if (mayKill(call)) return task.process.tasks.size > 1;
    return this.recording.tasks.size > 1 && blocks(spec, call);
  }

  /** Whether a call writes to the recording's own output. */
  showsOutput(task: RecordedTask, call: Call): boolean {
    return this.output.shows(task, call);
  }

  /** Changes of the arguments that only the kernel sees, and arguments that its results may overwrite. */
  prepare(task: RecordedTask, call: Call): void {
    if (call.number === SYSCALLS.mmap) placeLibrary(this.recording.tracer, task, call);
    this.monitors.enters(task, call);
    keepCompared(task, call);
    switch (call.number) {
      case SYSCALLS.mmap:
      case SYSCALLS.mprotect:
      case SYSCALLS.pkey_mprotect: {
        const protection = call.int(2);
        if ((protection & PROT.EXEC) !== 0) call.change(task, 2, givenRights(protection));
        break;
      }
      case SYSCALLS.read:
      case SYSCALLS.pread64:
      case SYSCALLS.getrandom: {
        // An event has to fit into a chunk; any of these may do less than it was asked for.
        const length = call.number === SYSCALLS.getrandom ? 1 : 2;
        if (call.argument(length) > MAX_TRANSFER) call.change(task, length, MAX_TRANSFER);
        break;
      }
      case SYSCALLS.clone:
      case SYSCALLS.clone3:
      case SYSCALLS.unshare:
        hideFlags(task, call);
        break;
      case SYSCALLS.personality:
        keepLayout(task, call);
        break;
      case SYSCALLS.madvise:
        if (call.int(2) === MADV.FREE) this.prepareFree(task, call);
        break;
      case SYSCALLS.process_madvise:
        if (call.int(3) === MADV.FREE) call.change(task, 3, certainAdvice(MADV.FREE));
        break;
      case SYSCALLS.shmat:
        if ((call.int(2) & SHM.EXEC) !== 0) call.change(task, 2, call.int(2) & ~SHM.EXEC);
        break;
      case SYSCALLS.rt_sigaction:
        call.input = task.space.memory.read(call.argument(1), KERNEL_SIGACTION.size).slice();
        hideIgnoredTrap(task, call);
        break;
      case SYSCALLS.rt_sigprocmask:
        call.input = task.space.memory.read(call.argument(1), SIGSET_SIZE).slice();
        break;
    }
  }

  /** MADV_FREE becomes certain; where it would fail half-way, the call ends at that place. */
  private prepareFree(task: RecordedTask, call: Call): void {
    const end = endOfFreeable(task, call);
    const start = call.argument(0);
    // Of the first page already: the kernel says so itself.
    if (end !== undefined && end <= start) return;
    call.change(task, 2, certainAdvice(MADV.FREE));
    if (end === undefined) return;
    call.change(task, 1, end - start);
    call.failure = -ERRNO.EINVAL;
  }

  /** A call has ended: keeps the engine's picture, and writes the event. */
  end(task: RecordedTask, call: Call): void {
    const { number } = call;
    call.result = Number(task.result);
    this.recording.interceptors.leaves(task, call);
    if (call.failure !== undefined && call.result === 0) task.result = call.failure;
    if (number === SYSCALLS.personality && call.result >= 0) showPersonality(task, call);
    this.write(task, call, task.result);
  }

  /** What is known of a call whose result the program has. */
  write(task: RecordedTask, call: Call, result: bigint): void {
    const { spec, number } = call;
    call.result = Number(result);
    if (call.result >= 0 && !isCutError(call.result)) refuse(call, call.refusal);
    const mapped = call.result >= 0 ? this.mapped(task, call) : undefined;
    const mapping =
      mapped?.mapping ??
      (call.result < 0 ? partDone(task, call) : (changedStack(task, call) ?? impliedChange(task, call)));
    if (call.result === 0 || spec?.task === "sigreturn") mendTrap(task, call);
    if (number === SYSCALLS.sched_getaffinity && call.result > 0)
      showAllProcessors(this.recording, task, call);
    if (call.result >= 0) this.monitors.succeeds(task, call);
    tellCompared(task, call);
    const shown = this.output.shown(task, call);
    if (shown) this.recording.onOutput?.(shown.bytes);
    this.recording.emit(task, {
      kind: "syscall",
      task: task.id,
      ticks: task.ticks,
      registers: call.registers,
      number,
      result,
      writes: [...(mapped?.writes ?? []), ...this.outputs(task, call)],
      stream: shown?.stream ?? 0,
      outputHash: shown?.outputHash ?? 0n,
      ...(mapping && { mapping }),
    });
    this.remember(task, call, mapping);
    this.monitors.after(task, call);
    for (const part of call.parts) this.monitors.after(task, part);
    this.recording.callDone(task);
    this.recording.outsiders.after(task);
    this.recording.effects?.after(call);
  }

  /**
   * What the kernel has written during a call, which may also be one that a signal broke off.
   *
   * @returns Writes to be encoded before any other memory of the process is read: a single one is not copied.
   */
  outputs(task: RecordedTask, call: Call): MemoryWrite[] {
    if (!call.spec || call.spec.task === "sigreturn") return [];
    const ranges = [...outputRanges(call.spec, call), ...kernelMapOutputs(task, call), ...call.wrote];
    const { memory } = task.space;
    return ranges
      .map(({ address, length }) => {
        // The next read takes the place of this one.
        const bytes = memory.read(address, length);
        return { address, bytes: ranges.length === 1 ? bytes : bytes.slice() };
      })
      .filter(({ bytes }) => bytes.length > 0);
  }

  /** What later calls depend on. */
  private remember(task: RecordedTask, call: Call, mapping: MappingRecord | undefined): void {
    const { spec, number, result } = call;
    const { process, space } = task;
    const change = spec?.descriptors;
    if (change) task.descriptors = task.descriptors.after(change, call);
    if (spec?.memory)
      applyMemoryCall(this.recording.tracer.text, space, spec.memory, call.args, result, mapping);
    if (result < 0) return;
    if (spec?.changesRights) space.isApart = true;
    if (number === SYSCALLS.rt_sigaction && call.argument(1) !== 0 && call.input) {
      process.actions.set(call.int(0), call.input);
    } else if (number === SYSCALLS.set_tid_address) {
      task.clearTid = call.argument(0);
    } else if (number === SYSCALLS.sched_setaffinity) {
      choseProcessors(this.recording, task, call);
    } else if (number === SYSCALLS.set_robust_list) {
      task.robustList = call.argument(0);
    }
  }

  private mapped(
    task: RecordedTask,
    call: Call,
  ): { mapping: MappingRecord; writes: MemoryWrite[] } | undefined {
    if (call.made) return { mapping: call.made, writes: [] };
    if (call.spec?.memory === "attach") return this.segments.add(this.recording, task, call);
    return call.spec?.memory === "map" ? this.mapping(task, call) : undefined;
  }

  /** The mapping that an mmap has made, and what it shows beside the contents of its file in the trace. */
  private mapping(task: RecordedTask, call: Call): { mapping: MappingRecord; writes: MemoryWrite[] } {
    const flags = call.int(3);
    const anonymous = (flags & MAP.ANONYMOUS) !== 0;
    const record = askedMapping(task, call, call.result);
    if (anonymous && (flags & MAP.GROWSDOWN) !== 0)
      Object.assign(record, growing(record, growingStart(task.tid, record.start)));
    if (anonymous) return { mapping: record, writes: [] };
    const kept = this.recording.interceptors.memoryAt(task, call.result);
    if (kept !== undefined) {
      const contents = this.recording.snapshot(task.space, record.start, record.end - record.start);
      return { mapping: { ...record, offset: 0, name: kept }, writes: contents ? [contents] : [] };
    }
    const path = mappedPath(task, call);
    const ring = call.file ? undefined : this.ring(task, record, path);
    if (ring) return ring;
    const { name, index } = call.file ?? this.mappedFile(path, record);
    return { mapping: { ...record, name, file: index, ...(index < 0 && { offset: 0 }) }, writes: [] };
  }

  /** A ring of packets, which the kernel goes on writing to; undefined for other files, and for sockets whose pages come later. */
  private ring(
    task: RecordedTask,
    record: MappingRecord,
    path: string,
  ): { mapping: MappingRecord; writes: MemoryWrite[] } | undefined {
    if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return undefined;
    const length = record.end - record.start;
    const contents = this.recording.snapshot(task.space, record.start, length);
    if (contents?.bytes.length !== length) return undefined;
    const name = readlinkSync(path);
    this.recording.outsiders.shareRing(name);
    return { mapping: { ...record, offset: 0, name }, writes: [contents] };
  }

  /** The file at a path that is mapped, or is about to be. */
  private mappedFile(path: string, record: MappingRecord): { name: string; index: number } {
    const name = readlinkSync(path);
    return { name, index: name === "/dev/zero" ? -1 : this.files.add(path, { ...record, name }) };
  }

  /** Looks at the file that an mmap is going to map, at its entry. @returns False if more than its name is to be told of it. */
  looksAtFile(task: RecordedTask, call: Call): boolean {
    const path = mappedPath(task, call);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    call.file = this.mappedFile(path, askedMapping(task, call, 0));
    return !this.files.isDue;
  }
}

/** What an mmap asks for, if it is made at a place; which file it is of is still to be told. */
function askedMapping(task: RecordedTask, call: Call, start: number): MappingRecord {
  const flags = call.int(3);
  return {
    start,
    end: pageEnd(start + call.argument(1)),
    protection: impliedRights(task, call.int(2)) & (PROT.READ | PROT.WRITE | PROT.EXEC),
    shared: (flags & MAP.SHARED) !== 0,
    file: -1,
    offset: (flags & MAP.ANONYMOUS) !== 0 ? 0 : call.argument(5),
    name: "",
  };
}

/** The path by which the recorder sees the file that an mmap is about. */
function mappedPath({ tid }: RecordedTask, call: Call): string {
  return `/proc/${tid}/fd/${call.int(4)}`;
}

/** @throws Unsupported if there is a reason to. */
function refuse({ spec, pc }: Call, why: string | undefined): void {
  if (why === undefined) return;
  throw new Unsupported(
    `the system call ${spec?.name} at 0x${pc.toString(16)} can't be recorded by the embedded engine: ${why}`,
  );
}

/** Whether a result is an error of 32 bits, as modify_ldt gives them: -4095 is the last one (MAX_ERRNO of linux/err.h). */
function isCutError(result: number): boolean {
  return result >= 2 ** 32 - 4095 && result < 2 ** 32;
}

/** Why an mseal can't be recorded should it succeed: the engine write-protects text that the program may change. */
function sealsText({ space }: RecordedTask, call: Call): string | undefined {
  if (call.number !== SYSCALLS.mseal) return undefined;
  const start = call.argument(0);
  const text = space.mappings
    .overlapping(start, start + call.argument(1))
    .some(({ protection }) => (protection & PROT.WRITE) !== 0 && (protection & PROT.EXEC) !== 0);
  return text ? "it seals text that the program may write" : undefined;
}
