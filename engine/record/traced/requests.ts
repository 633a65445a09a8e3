/**
 * ptrace(2) by a task of the recording, about another one: answered from what is known of that one, whose memory and
 * registers are at hand while it is held. What the kernel would answer is in kernel/ptrace.c and arch/x86/kernel/ptrace.c
 * of Linux 6.18.
 */
import {
  ERRNO,
  getRegSet,
  isErrno,
  NativeBuffer,
  NT,
  PTRACE,
  PTRACE_O,
  SI,
  SIG,
  SIGINFO,
  SIGRT,
  SIGSET_SIZE,
  SYSCALLS,
  setRegSet,
  setSigMask,
  signalBit,
} from "../../../ffi/mod.ts";
import { argumentOf } from "../../arch/x86_64/call-abi.ts";
import { SEGMENT_BASES, setInFile } from "../../arch/x86_64/traced-registers.ts";
import { LEGACY_STATE, MOST_STATE } from "../../arch/x86_64/vector-state.ts";
import { showFloatingPlace } from "../../arch/x86_64/x87.ts";
import type { MemoryWrite } from "../../trace/events.ts";
import { TaskGone } from "../../tracee/controller.ts";
import { canWatch } from "../../tracee/watchpoints.ts";
import type { Call } from "../call.ts";
import { parentOf, userOf } from "../kernel-state.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { syscallInfo } from "./syscall-info.ts";
import { bytesOf, give, rseqConfiguration, taken, WORD, wordOf } from "./tracer-memory.ts";
import { type Going, type Hold, siginfo, stopInfo, Tracing } from "./tracing.ts";

/** Bytes of struct user_regs_struct, and of struct user with all else (asm/user_64.h). */
const REGISTER_BYTES = 27 * WORD;
const USER_BYTES = 912;
/** Where the debug registers begin in struct user. */
const DEBUG_REGISTERS = 848;
/** Options that the kernel knows (PTRACE_O_MASK). */
const ALL_OPTIONS = 0xff | PTRACE_O.EXITKILL | PTRACE_O.SUSPEND_SECCOMP;

/** Requests that let a task go on, and how. */
const GOES: ReadonlyMap<number, Going> = new Map([
  [PTRACE.CONT, "on"],
  [PTRACE.SYSCALL, "syscall"],
  [PTRACE.SYSEMU, "sysemu"],
  [PTRACE.SINGLESTEP, "step"],
  [PTRACE.SYSEMU_SINGLESTEP, "sysemuStep"],
]);

/** A request, with the two tasks that it is about. */
interface Request {
  readonly tracer: RecordedTask;
  readonly task: RecordedTask;
  readonly tracing: Tracing;
  readonly hold: Hold;
  /** Arguments `addr` and `data`. */
  readonly address: number;
  readonly data: bigint;
}

type Handler = (request: Request) => number;

/** Answers the requests of tracers. */
export class Requests {
  #area: NativeBuffer | undefined;
  /** Whether this machine has debug registers to give. */
  #canWatch: boolean | undefined;

  constructor(private readonly recording: Recording) {}

  /** Whether a call is a request about tasks of the recording. */
  takes(call: Call): boolean {
    if (call.number !== SYSCALLS.ptrace) return false;
    return call.argument(0) === PTRACE.TRACEME || this.recording.tasks.has(call.int(1));
  }

  /**
   * Answers a request of a task that is out of the call already.
   *
   * @returns The result of the call.
   */
  answer(tracer: RecordedTask, call: Call): number {
    try {
      return this.#answer(tracer, call);
    } catch (error) {
      // The tracee was killed a moment ago, which is found out later.
      if (isErrno(error, "ESRCH") || (error instanceof TaskGone && error.task !== tracer))
        return -ERRNO.ESRCH;
      throw error;
    }
  }

  #answer(tracer: RecordedTask, call: Call): number {
    const request = call.argument(0);
    if (request === PTRACE.TRACEME) return this.#traceMe(tracer);
    const task = this.recording.tasks.get(call.int(1));
    if (task === undefined) return -ERRNO.ESRCH;
    const data = argumentOf(call.registers, 3);
    if (request === PTRACE.ATTACH || request === PTRACE.SEIZE)
      return this.#attach(tracer, task, request === PTRACE.SEIZE, call.argument(2), Number(data));
    const { tracing } = task;
    if (tracing?.tracer !== tracer) return -ERRNO.ESRCH;
    if (request === PTRACE.KILL) return this.#kill(task);
    if (request === PTRACE.INTERRUPT) return this.#interrupt(task, tracing);
    const { hold } = tracing;
    if (hold === undefined || tracing.listens) return -ERRNO.ESRCH;
    const handler = this.#handlers.get(request);
    const going = GOES.get(request);
    const known: Request = { tracer, task, tracing, hold, address: call.argument(2), data };
    if (going !== undefined) return this.#letGo(known, going, false);
    return handler?.(known) ?? -ERRNO.EIO;
  }

  readonly #handlers: ReadonlyMap<number, Handler> = new Map<number, Handler>([
    [PTRACE.PEEKTEXT, (request) => this.#peek(request)],
    [PTRACE.PEEKDATA, (request) => this.#peek(request)],
    [PTRACE.POKETEXT, (request) => this.#poke(request)],
    [PTRACE.POKEDATA, (request) => this.#poke(request)],
    [PTRACE.PEEKUSER, (request) => this.#peekUser(request)],
    [PTRACE.POKEUSER, (request) => this.#pokeUser(request)],
    [PTRACE.GETREGS, ({ tracer, hold, data }) => give(tracer, data, bytesOf(hold.registers))],
    [PTRACE.SETREGS, ({ tracer, hold, data }) => setAll(hold, taken(tracer, data, REGISTER_BYTES))],
    [PTRACE.GETFPREGS, (request) => this.#giveVectors(request)],
    [PTRACE.SETFPREGS, (request) => this.#setVectors(request)],
    [PTRACE.GETREGSET, (request) => this.#registerSet(request, false)],
    [PTRACE.SETREGSET, (request) => this.#registerSet(request, true)],
    [PTRACE.GETSIGINFO, (request) => this.#giveInfo(request)],
    [PTRACE.SETSIGINFO, (request) => setInfo(request)],
    [PTRACE.GETSIGMASK, (request) => this.#giveMask(request)],
    [PTRACE.SETSIGMASK, (request) => setMask(request)],
    [PTRACE.GETEVENTMSG, ({ tracer, tracing, data }) => give(tracer, data, wordOf(tracing.message))],
    [PTRACE.SETOPTIONS, (request) => setOptions(request)],
    [PTRACE.OLDSETOPTIONS, (request) => setOptions(request)],
    [PTRACE.DETACH, (request) => this.#letGo(request, "on", true)],
    [PTRACE.LISTEN, (request) => listen(request)],
    [PTRACE.ARCH_PRCTL, (request) => archPrctl(request)],
    [PTRACE.SECCOMP_GET_FILTER, () => -ERRNO.EINVAL],
    [
      PTRACE.GET_SYSCALL_INFO,
      ({ tracer, hold, tracing, address, data }) => {
        const info = syscallInfo(hold, tracing);
        const error = give(tracer, data, info.subarray(0, Math.min(info.length, address)));
        return error < 0 ? error : info.length;
      },
    ],
    [
      PTRACE.GET_RSEQ_CONFIGURATION,
      ({ task, tracer, address, data }) => {
        const bytes = rseqConfiguration(task);
        const error = give(tracer, data, bytes.subarray(0, Math.min(bytes.length, address)));
        return error < 0 ? error : bytes.length;
      },
    ],
  ]);

  /** Its parent traces it from now on. */
  #traceMe(task: RecordedTask): number {
    if (task.tracing) return -ERRNO.EPERM;
    const { madeBy } = task.process;
    const id = parentOf(task.tid);
    const parent = this.recording.tasks.get(madeBy?.process.pid === id ? madeBy.tid : id);
    // The recorder itself is the parent of the first process.
    if (!parent) return -ERRNO.EPERM;
    task.tracing = new Tracing(parent, false, 0);
    return 0;
  }

  #attach(
    tracer: RecordedTask,
    task: RecordedTask,
    isSeized: boolean,
    address: number,
    options: number,
  ): number {
    if (isSeized && (address !== 0 || (options & ~ALL_OPTIONS) !== 0)) return -ERRNO.EIO;
    if (task.process === tracer.process) return -ERRNO.EPERM;
    if (!this.#mayTrace(tracer, task) || task.tracing) return -ERRNO.EPERM;
    const tracing = new Tracing(tracer, isSeized, isSeized ? options : 0);
    task.tracing = tracing;
    const { traced } = this.recording;
    // The kernel lets one that is stopped already tell its tracer at once.
    const stopped = traced.carrier?.leaveStop(task);
    if (stopped !== undefined) {
      const { signal, where } = stopped;
      traced.hold(task, { kind: "group", signal }, { kind: "delivery", where });
    } else if (!isSeized) {
      const info = siginfo(SIG.SIGSTOP, SI.KERNEL, 0, 0);
      traced.ask(task, { kind: "signal", signal: SIG.SIGSTOP, siginfo: info });
    }
    return 0;
  }

  /** Whether the kernel would let a task trace another one: reading its memory asks for the same (mm_access). */
  #mayTrace(tracer: RecordedTask, task: RecordedTask): boolean {
    if (tracer.space === task.space) return true;
    const { scratch, scratchAddress } = tracer.space.cacheSpace;
    const iovecs = new BigUint64Array([BigInt(scratchAddress + 64), 1n, 0n, 1n]);
    scratch.set(new Uint8Array(iovecs.buffer));
    const { tracer: control } = this.recording;
    const [local, remote] = [scratchAddress, scratchAddress + 16];
    const result = control.inject(tracer, SYSCALLS.process_vm_readv, task.tid, local, 1, remote, 1, 0);
    return result !== -ERRNO.EPERM;
  }

  #kill(task: RecordedTask): number {
    this.recording.traced.later(() => this.recording.traced.carrier?.kill(task));
    return 0;
  }

  #interrupt(task: RecordedTask, tracing: Tracing): number {
    if (!tracing.isSeized) return -ERRNO.EIO;
    const stop = { kind: "group", signal: SIG.SIGTRAP } as const;
    if (tracing.listens && tracing.hold) this.recording.traced.hold(task, stop, tracing.hold.at);
    else this.recording.traced.ask(task, stop);
    return 0;
  }

  #letGo({ task, data }: Request, going: Going, detaches: boolean): number {
    if (data > BigInt(SIGRT.MAX)) return -ERRNO.EIO;
    const { traced } = this.recording;
    const release = { going, signal: Number(data), detaches };
    traced.later(() => traced.carrier?.letGo(task, release));
    return 0;
  }

  #peek({ tracer, task, address, data }: Request): number {
    const bytes = task.space.memory.read(address, WORD).slice();
    const isEngines = task.space.holdsEngine(address, address + WORD);
    return bytes.length < WORD || isEngines ? -ERRNO.EIO : give(tracer, data, bytes);
  }

  /** Text of the program may be read-only: a tracer's private copy of it is written to (FOLL_FORCE). */
  #poke({ tracer, task, address, data }: Request): number {
    const { memory } = task.space;
    const bytes = wordOf(data);
    if (task.space.holdsEngine(address, address + WORD) || memory.write(address, bytes) < WORD)
      return -ERRNO.EIO;
    this.#tell(tracer, task, { address, bytes });
    return 0;
  }

  #tell(tracer: RecordedTask, task: RecordedTask, write: MemoryWrite): void {
    const { space } = task;
    const { address, bytes } = write;
    this.recording.tracer.text.memoryChanged(space, address, address + bytes.length);
    const whose = space === tracer.space ? tracer : task;
    this.recording.traced.later(() => this.recording.changedFromOutside(whose, [write]));
  }

  #peekUser({ tracer, tracing, hold, address, data }: Request): number {
    if (address % WORD !== 0 || address >= USER_BYTES) return -ERRNO.EIO;
    const debug = (address - DEBUG_REGISTERS) / WORD;
    const value = debug >= 0 ? tracing.debug.get(debug) : hold.registers[address / WORD];
    return give(tracer, data, wordOf(value ?? 0n));
  }

  #pokeUser({ task, tracing, hold, address, data }: Request): number {
    if (address % WORD !== 0 || address >= USER_BYTES) return -ERRNO.EIO;
    if (address < REGISTER_BYTES) return setInFile(hold.registers, address / WORD, data) ? 0 : -ERRNO.EIO;
    if (address < DEBUG_REGISTERS) return -ERRNO.EIO;
    this.#canWatch ??= canWatch(task);
    if (!this.#canWatch) return -ERRNO.ENOSPC;
    const error = tracing.debug.set((address - DEBUG_REGISTERS) / WORD, data);
    if (error === 0) this.recording.tracedPlaces.changed();
    return error;
  }

  #vectorsOf(task: RecordedTask, type: number): Uint8Array {
    this.#area ??= NativeBuffer.map(MOST_STATE);
    showFloatingPlace(task, task.space.cacheSpace.cache);
    return this.#area.u8.slice(0, getRegSet(task.tid, type, this.#area));
  }

  #putVectors({ task, hold }: Request, type: number, bytes: Uint8Array): number {
    this.#area ??= NativeBuffer.map(MOST_STATE);
    this.#area.u8.set(bytes.subarray(0, MOST_STATE));
    try {
      setRegSet(task.tid, type, this.#area, Math.min(bytes.length, MOST_STATE));
    } catch (error) {
      for (const code of ["EINVAL", "EFAULT", "EIO"] as const) if (isErrno(error, code)) return -ERRNO[code];
      throw error;
    }
    hold.setsVectors = true;
    return 0;
  }

  #giveVectors({ tracer, task, data }: Request): number {
    return give(tracer, data, this.#vectorsOf(task, NT.PRFPREG));
  }

  #setVectors(request: Request): number {
    const bytes = taken(request.tracer, request.data, LEGACY_STATE);
    return bytes === undefined ? -ERRNO.EFAULT : this.#putVectors(request, NT.PRFPREG, bytes);
  }

  /** PTRACE_GETREGSET and PTRACE_SETREGSET, of which an iovec says where, and is told how much it was. */
  #registerSet(request: Request, sets: boolean): number {
    const { tracer, task, hold, address: type, data } = request;
    const { memory } = tracer.space;
    const base = memory.readU64(Number(data));
    const room = memory.readU64(Number(data) + WORD);
    if (base === undefined || room === undefined) return -ERRNO.EFAULT;
    const isVectors = type === NT.X86_XSTATE || type === NT.PRFPREG;
    if ((type !== NT.PRSTATUS && !isVectors) || Number(room) % WORD !== 0) return -ERRNO.EINVAL;
    const set = isVectors ? this.#vectorsOf(task, type) : bytesOf(hold.registers);
    const length = Math.min(set.length, Number(room));
    let error: number;
    if (!sets) error = give(tracer, base, set.subarray(0, length));
    else {
      const bytes = taken(tracer, base, length);
      if (bytes === undefined) return -ERRNO.EFAULT;
      if (isVectors && length < set.length && type === NT.X86_XSTATE) return -ERRNO.EFAULT;
      if (isVectors) set.set(bytes);
      error = isVectors ? this.#putVectors(request, type, set) : setAll(hold, bytes);
    }
    if (error < 0) return error;
    return give(tracer, data + BigInt(WORD), wordOf(BigInt(length)));
  }

  #giveInfo({ tracer, task, tracing, hold, data }: Request): number {
    const info = stopInfo(hold, tracing, task, userOf(task.tid));
    return info === undefined ? -ERRNO.EINVAL : give(tracer, data, info);
  }

  #giveMask({ tracer, task, address, data }: Request): number {
    if (address !== SIGSET_SIZE) return -ERRNO.EINVAL;
    return give(tracer, data, wordOf(this.recording.traced.maskOf(task)));
  }
}

/** Sets general registers, from the first on. */
function setAll(hold: Hold, bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return -ERRNO.EFAULT;
  const values = new BigUint64Array(bytes.slice().buffer);
  for (const [i, value] of values.entries()) if (!setInFile(hold.registers, i, value)) return -ERRNO.EIO;
  return 0;
}

function setInfo({ tracer, hold, data }: Request): number {
  const info = taken(tracer, data, SIGINFO.size);
  if (info === undefined) return -ERRNO.EFAULT;
  if (hold.stop.kind === "signal") hold.stop.siginfo = info;
  return hold.stop.kind === "group" ? -ERRNO.EINVAL : 0;
}

function setMask({ tracer, task, address, data }: Request): number {
  if (address !== SIGSET_SIZE) return -ERRNO.EINVAL;
  const bytes = taken(tracer, data, SIGSET_SIZE);
  if (bytes === undefined) return -ERRNO.EFAULT;
  const [mask = 0n] = new BigUint64Array(bytes.slice().buffer);
  const trap = signalBit(SIG.SIGTRAP);
  task.trap.blocked = (mask & trap) !== 0n;
  if (task.savedMask === undefined) setSigMask(task.tid, mask & ~trap);
  else task.savedMask = mask & ~trap;
  return 0;
}

function setOptions({ tracing, data }: Request): number {
  if ((data & ~BigInt(ALL_OPTIONS)) !== 0n) return -ERRNO.EINVAL;
  if ((Number(data) & PTRACE_O.SUSPEND_SECCOMP) !== 0) return -ERRNO.EPERM;
  tracing.options = Number(data);
  return 0;
}

/** Its stop lasts as long as that of its process (ptrace(2), PTRACE_LISTEN). */
function listen({ tracing, hold }: Request): number {
  if (!tracing.isSeized || hold.stop.kind !== "group") return -ERRNO.EIO;
  tracing.listens = true;
  return 0;
}

/** The bases of segments, by the codes of arch_prctl (do_arch_prctl_64 in arch/x86/kernel/process_64.c). */
function archPrctl({ tracer, hold, address, data }: Request): number {
  const { registers } = hold;
  const base = SEGMENT_BASES.get(Number(data));
  if (base === undefined) return -ERRNO.EINVAL;
  if (base.isSet) return setInFile(registers, base.index, BigInt(address)) ? 0 : -ERRNO.EPERM;
  return give(tracer, BigInt(address), wordOf(registers[base.index] ?? 0n));
}
