/** What replayed tasks get at the places of events: results, memory, signal frames. */
import { PTRACE, SYSCALLS } from "../../ffi/mod.ts";
import { SYSCALL_LENGTH, setSegmentBase } from "../arch/x86_64/call-abi.ts";
import { pcOf, setHandlerSegments } from "../arch/x86_64/registers.ts";
import { VectorState } from "../arch/x86_64/vector-state.ts";
import { storeFloatingState, storesFloatingState } from "../arch/x86_64/x87.ts";
import { invariant } from "../engine-error.ts";
import { bytesSent, syscallSpec } from "../kernel/mod.ts";
import { sumsOf } from "../session/memory-sums.ts";
import { collect, hashOutput } from "../session/output.ts";
import { StoppedCall } from "../session/stopped-call.ts";
import type {
  ChecksumEvent,
  FileEvent,
  InstructionEvent,
  MemoryEvent,
  MemoryWrite,
  RegistersEvent,
  SignalEvent,
  SyscallEvent,
} from "../trace/events.ts";
import type { CallSite } from "../tracee/call-site.ts";
import { stopAtGadget } from "../tracee/gadget.ts";
import { goOnBehind } from "../tracee/native-step.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { checkRange, ImpossibleEvent } from "./bounds.ts";
import type { MemoryReplay } from "./memory-replay.ts";
import type { Navigator } from "./navigator.ts";
import type { OutputSink, OutputStream } from "./output-sink.ts";
import type { Rebuilder } from "./rebuild.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/** Most bytes of output of one call that are shown: more than anything writes at once, and memory can hold them. */
const MAX_OUTPUT = 1 << 28;
/** Most bytes of memory that one event sums up; most of it is never touched. */
const MAX_SUMMED = 2 ** 38;

/** Applies an event's outcome to its task: registers, memory, signal frames, files, checks. */
export class EventApplier implements Disposable {
  private readonly vectors = new VectorState();

  constructor(
    private readonly tracer: Tracer,
    private readonly navigator: Navigator,
    private readonly rebuilder: Rebuilder,
    private readonly memory: MemoryReplay,
    private readonly output: OutputSink,
  ) {}

  /** A system call gets its recorded result; what changes memory is done for real. */
  syscall(task: ReplayedTask, event: SyscallEvent): void {
    const site = this.navigator.toSyscall(task, event);
    if (site.number !== event.number)
      this.navigator.fail(event, task, `the program made system call ${site.number} instead`);
    task.site = undefined;
    if (event.withheld) {
      task.result = event.result;
      task.leaveCallAt(site.next);
      task.returned = site.next;
      return;
    }
    if (event.stream !== 0) this.show(task, event, site, event.stream);
    const spec = syscallSpec(event.number);
    if (spec?.task === "sigreturn") {
      this.sigreturn(task, site.next);
      return;
    }
    task.result = event.result;
    if (spec?.handling === "memory" || event.mapping) {
      this.memory.call(task, event, new StoppedCall(event.number, site.registers, task.space).args);
    } else if (event.result === 0n) {
      setSegmentBase(task.registers, event.number, site.registers);
      task.dirty = true;
    }
    this.write(task, event.writes);
    // What it does to the engine's memory from here on, it did to its own in the recording.
    if (spec?.changesRights && event.result >= 0n) task.space.isApart = true;
    task.leaveCallAt(site.next);
    task.returned = site.next;
  }

  /** Memory is different that no call of the task itself has changed; it may be text, too. */
  outside(task: ReplayedTask, { writes }: MemoryEvent): void {
    for (const { address, bytes } of writes) {
      this.tracer.text.memoryChanged(task.space, address, address + bytes.length);
    }
    this.write(task, writes);
  }

  /** The program's memory is what it was. */
  checksum(task: ReplayedTask, event: ChecksumEvent): void {
    const { space } = task;
    let length = 0;
    for (const { start, end } of event.sums) {
      checkRange(space, start, end, "sums up");
      length += end - start;
    }
    if (length > MAX_SUMMED) throw new ImpossibleEvent(`it sums up ${length} bytes of memory`);
    for (const [i, { start, end, sum }] of sumsOf(space, event.sums).entries()) {
      if (sum === event.sums[i]!.sum) continue;
      const name = space.mappings.find(start)?.name;
      const where = `0x${start.toString(16)} to 0x${end.toString(16)}${name ? ` (${name})` : ""}`;
      this.navigator.fail(event, task, `the memory at ${where} is not what it was in the recording`);
    }
  }

  /** A mapped file is different: all who map it see that, and run the text that is in it now. */
  file(event: FileEvent): void {
    this.rebuilder.changeFile(event);
    this.tracer.text.fileChanged(event.file, event.writes);
  }

  /** Puts bytes back that the kernel wrote in the recording; they may be text that was translated. */
  private write(task: ReplayedTask, writes: readonly MemoryWrite[]): void {
    const ranges = writes.map(({ address, bytes }) => ({ address, length: bytes.length }));
    this.tracer.text.allowWrites(task, ranges);
    this.rebuilder.write(task.space, writes);
  }

  /** Shows what the program wrote to its standard streams, if it is what it wrote in the recording. */
  private show(task: ReplayedTask, event: SyscallEvent, site: CallSite, stream: OutputStream): void {
    const spec = syscallSpec(event.number);
    if (spec?.sends === undefined) throw new ImpossibleEvent("it shows output of a call that sends none");
    const call = new StoppedCall(event.number, site.registers, task.space);
    call.result = Number(event.result);
    const ranges = bytesSent(spec, call)?.ranges ?? [];
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    if (total > MAX_OUTPUT)
      throw new ImpossibleEvent(`it shows ${total} bytes of output, more than one call sends`);
    const bytes = collect(ranges, (address, length) => task.space.memory.read(address, length));
    if (hashOutput(bytes) !== event.outputHash) {
      this.navigator.fail(
        event,
        task,
        `the program writes other bytes than it did in the recording (${bytes.length} of them)`,
      );
    }
    this.output(stream, bytes, () => this.tracer.onInterrupt());
  }

  /**
   * The kernel itself takes the frame down, which is the recorded one.
   *
   * @param next App pc behind the call, where a frame that can't be read leaves the task.
   */
  private sigreturn(task: ReplayedTask, next: number): void {
    // Out of the answered call first, whose exit would be reported too.
    stopAtGadget(this.tracer, task);
    const { syscallGadget } = task.space.cacheSpace.cache;
    task.callAt(syscallGadget, SYSCALLS.rt_sigreturn);
    for (const edge of ["entry", "exit"]) {
      const { kind } = this.tracer.advance(task, PTRACE.SYSCALL);
      invariant(kind === "call", `no stop at the ${edge} of rt_sigreturn`);
    }
    const isUnread = task.pc === syscallGadget + SYSCALL_LENGTH;
    if (isUnread) task.leaveCallAt(next);
    continueAt(task, isUnread ? next : task.pc);
  }

  /** A handler starts on its recorded frame; other signals leave no mark on the program. */
  signal(task: ReplayedTask, event: SignalEvent): void {
    this.navigator.toPoint(task, event);
    // One that dies stays where it is.
    if (event.disposition !== "fatal") task.arrived = undefined;
    if (event.disposition !== "handler") return;
    task.site = undefined;
    this.write(task, event.writes);
    this.vectors.reset(task.tid);
    task.load(event.after);
    setHandlerSegments(task.registers);
    task.forgetCall();
    continueAt(task, Number(pcOf(event.after)));
  }

  /** A tracer of the program's own has set the registers of a task that it has stopped. */
  registers(task: ReplayedTask, event: RegistersEvent): void {
    this.navigator.toPoint(task, event);
    task.arrived = task.site = undefined;
    if (event.vectors.length > 0 && !this.vectors.set(task.tid, event.vectors))
      throw new ImpossibleEvent("it gives a task a vector state that this processor does not have");
    task.load(event.after);
    task.forgetCall();
    continueAt(task, Number(pcOf(event.after)));
  }

  /** An emulated instruction gets its recorded result. */
  instruction(task: ReplayedTask, event: InstructionEvent): void {
    const trap = this.navigator.toInstruction(task, event);
    task.instruction = task.arrived = undefined;
    // It changes the unit, too; where it has stored, the trace says what.
    if (storesFloatingState(trap)) storeFloatingState(this.tracer, this.tracer.text, task, trap);
    task.load(event.after);
    this.write(task, event.writes);
    goOnBehind(task, trap, pcOf(event.after), event.writes.length > 0);
  }

  [Symbol.dispose](): void {
    this.vectors[Symbol.dispose]();
  }
}

/** Lets a task go on at an app pc, where the next event may find it before it has run. */
function continueAt(task: ReplayedTask, pc: number): void {
  task.jumpTo(pc);
  task.returned = pc;
}
