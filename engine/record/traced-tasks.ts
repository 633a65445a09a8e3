/**
 * Tasks of the recording that another one of it traces, as a leak checker's does to read their registers: attached, stopped,
 * looked at and let go. It is another process with the same memory (LLVM, sanitizer_stoptheworld_linux_libcdep.cpp). The kernel can't do that, since they have a tracer already. But one task runs at a time, so that one that is
 * to stand still only has to be left out of the schedule. What the tracing task is told are results and memory like those of any
 * call: in a replay the trace has them.
 */
import { ERRNO, getRegSet, NativeBuffer, NT, PTRACE, SIG, SYSCALLS } from "../../ffi/mod.ts";
import { betweenCalls, inBrokenCall } from "../arch/x86_64/call-abi.ts";
import { programPc } from "../tracee/position.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Schedule } from "./schedule.ts";

/** Requests that are answered, beside {@link PTRACE}'s (linux/ptrace.h). */
const PEEK: readonly number[] = [PTRACE.PEEKTEXT, PTRACE.PEEKDATA];
/** An XSAVE area is no larger than this with any features of today. */
const MAX_XSAVE = 16384;
/** Bytes of struct user_regs_struct, and of a word. */
const ALL_REGISTERS = 27 * 8;
const WORD = 8;
/** Bytes of struct rusage. */
const RUSAGE = 144;
/** Status of a stop by SIGSTOP. */
const STOPPED = (SIG.SIGSTOP << 8) | 0x7f;

/** What this has to know of a recording. */
interface Traceable {
  readonly tasks: ReadonlyMap<number, RecordedTask>;
  readonly schedule: Pick<Schedule, "add" | "block">;
}

/** Who traces whom among the tasks of a recording. */
export class TracedTasks {
  /** Tasks that stand still, whose tracer has not heard of it. */
  readonly #untold = new Set<RecordedTask>();

  constructor(private readonly recording: Traceable) {}

  /** The result of a call by which a task traces others of its recording; undefined for any other. */
  answer(task: RecordedTask, call: Call): number | undefined {
    if (call.number === SYSCALLS.ptrace) return this.#ptrace(task, call);
    return call.number === SYSCALLS.wait4 ? this.#wait(task, call) : undefined;
  }

  /** A task is gone: those that it has traced go on. */
  gone(task: RecordedTask): void {
    this.#untold.delete(task);
    for (const other of this.recording.tasks.values()) if (other.tracedBy === task) this.#letGo(other);
  }

  #ptrace(task: RecordedTask, call: Call): number | undefined {
    const target = this.recording.tasks.get(call.int(1));
    const request = call.int(0);
    if (target === undefined) return undefined;
    const isAttaching = request === PTRACE.ATTACH && isAttachable(task, target);
    if (target.tracedBy !== task && !isAttaching) return undefined;
    call.refusal = undefined;
    if (isAttaching) return this.#attach(task, target);
    if (PEEK.includes(request)) return this.#peek(task, target, call);
    switch (request) {
      case PTRACE.GETREGS:
        return this.#give(task, call.argument(3), bytesOf(registersOf(target)));
      case PTRACE.GETREGSET:
        return this.#registerSet(task, target, call);
      case PTRACE.DETACH:
        this.#letGo(target);
        return 0;
      default:
        return -ERRNO.EIO;
    }
  }

  #attach(task: RecordedTask, target: RecordedTask): number {
    target.tracedBy = task;
    if (target.state === "ready") this.recording.schedule.block(target, "held");
    this.#untold.add(target);
    return 0;
  }

  #letGo(target: RecordedTask): void {
    target.tracedBy = undefined;
    this.#untold.delete(target);
    if (target.state === "held") this.recording.schedule.add(target);
  }

  /** A wait that hears of a task which stands still for the one that waits. */
  #wait(task: RecordedTask, call: Call): number | undefined {
    const wanted = call.int(0);
    const found = [...this.#untold].find(
      (target) => target.tracedBy === task && (wanted === -1 || wanted === target.tid),
    );
    if (found === undefined) return undefined;
    const { memory } = task.space;
    if (call.argument(1) !== 0) memory.write(call.argument(1), words(new Uint32Array([STOPPED])));
    if (call.argument(3) !== 0) memory.write(call.argument(3), new Uint8Array(RUSAGE));
    this.#untold.delete(found);
    return found.tid;
  }

  #peek(task: RecordedTask, target: RecordedTask, call: Call): number {
    const bytes = target.space.memory.read(call.argument(2), WORD).slice();
    return bytes.length < WORD ? -ERRNO.EIO : this.#give(task, call.argument(3), bytes);
  }

  /** PTRACE_GETREGSET, of which an iovec says where to, and is told how much it was. */
  #registerSet(task: RecordedTask, target: RecordedTask, call: Call): number {
    const { memory } = task.space;
    const vector = call.argument(3);
    const [base, room] = [memory.readU64(vector), memory.readU64(vector + WORD)];
    if (base === undefined || room === undefined) return -ERRNO.EFAULT;
    const set = call.int(2) === NT.PRSTATUS ? bytesOf(registersOf(target)) : vectorsOf(target, call.int(2));
    if (set === undefined) return -ERRNO.EINVAL;
    const length = Math.min(set.length, Number(room));
    if (this.#give(task, Number(base), set.subarray(0, length)) < 0) return -ERRNO.EFAULT;
    return this.#give(task, vector + WORD, words(new BigUint64Array([BigInt(length)])));
  }

  /** Puts bytes where a call wants them. @returns The result of the call. */
  #give(task: RecordedTask, at: number, bytes: Uint8Array): number {
    const { memory } = task.space;
    if (!task.space.writable(at) || memory.read(at, bytes.length).length < bytes.length) return -ERRNO.EFAULT;
    memory.write(at, bytes);
    return 0;
  }
}

/** Whether a task may trace another one here: it has all of its memory already, and so gains nothing by it. */
function isAttachable(task: RecordedTask, target: RecordedTask): boolean {
  return task.space === target.space && target.process !== task.process && target.tracedBy === undefined;
}

/** The program's registers of a task that stands still, in the kernel's order, as a tracer would find them. */
function registersOf({ registers, call, position }: RecordedTask): BigUint64Array {
  return call === undefined
    ? betweenCalls(registers, programPc(position))
    : inBrokenCall(registers, call.site);
}

let area: NativeBuffer | undefined;

/** A register set that the kernel gives; undefined where it has none, or the task sleeps in it and can't be asked. */
function vectorsOf({ tid, running, call }: RecordedTask, type: number): Uint8Array | undefined {
  if (running || call !== undefined || (type !== NT.X86_XSTATE && type !== NT.PRFPREG)) return undefined;
  area ??= NativeBuffer.map(MAX_XSAVE);
  const length = getRegSet(tid, type, area);
  return area.u8.slice(0, length);
}

const words = (values: Uint32Array | BigUint64Array): Uint8Array => new Uint8Array(values.buffer);

/** The bytes of registers. */
function bytesOf(registers: BigUint64Array): Uint8Array {
  return words(registers).slice(0, ALL_REGISTERS);
}
