/**
 * Asynchronous I/O (io_setup and its kin), done at once: the kernel would write into the program's memory at any time. A
 * request is an ordinary call in the name of whoever submits it, and its event waits to be asked for. Only what is not ready
 * (a poll, a read from an empty pipe) waits until somebody asks for events. An interceptor.
 *
 * A context is named by the address of a page, as the kernel names it by that of a ring: libraries look there, and find no
 * ring that they know.
 */
import { availableParallelism } from "node:os";
import { ERRNO, MAP, POLLFD, PROT, SYSCALLS, TIMESPEC } from "../../../ffi/mod.ts";
import { argumentOf, fillCallRegisters } from "../../arch/x86_64/call-abi.ts";
import { BUFFERED, type BufferedCall, outputRanges, syscallSpec } from "../../kernel/mod.ts";
import type { AddressSpace } from "../../tracee/address-space.ts";
import { PAGE_SIZE } from "../../tracee/mappings.ts";
import type { Tracer } from "../../tracee/tracer.ts";
import { Call } from "../call.ts";
import type { Answer, Interceptor } from "../interceptor.ts";
import type { RecordedTask } from "../recorded-task.ts";
import {
  decodeRequest,
  IOCB,
  isPoll,
  isWrite,
  type OrdinaryCall,
  ordinaryCalls,
  type Request,
  readiness,
  vectorOf,
} from "./requests.ts";

/** struct io_event: data, obj, res, res2. */
const EVENT_BYTES = 32;
/** Of futex(2) (linux/futex.h). A word of the context's page, which stays 0, is what is waited on. */
const FUTEX = { WAIT: 0, WAKE: 1, PRIVATE: 0x80 } as const;
const EVERYBODY = 0x7fff_ffff;
/** The name of the page of a context in the trace. */
const PAGE_NAME = "/[aio]";

/** Requests that are done, with their results, and those that wait. */
interface Context {
  /** Address of its page. */
  readonly start: number;
  /** Most requests at a time. */
  readonly room: number;
  readonly done: { readonly request: Request; readonly result: number }[];
  readonly waiting: Request[];
  /** Least number of events that somebody sleeps for who has had nothing to wait for; more than any where nobody does. */
  awaited: number;
}

/** Does what programs ask for in this way. */
export class AsynchronousIo implements Interceptor {
  readonly #contexts = new WeakMap<AddressSpace, Map<number, Context>>();

  constructor(private readonly recording: { readonly tracer: Tracer }) {}

  spares(): readonly BufferedCall[] {
    return BUFFERED;
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    switch (call.number) {
      case SYSCALLS.io_setup:
        return () => this.#setUp(task, call);
      case SYSCALLS.io_destroy:
        return () => this.#destroy(task, call);
      case SYSCALLS.io_submit:
        return () => this.#submit(task, call);
      case SYSCALLS.io_cancel:
        return () => this.#cancel(task, call);
      case SYSCALLS.io_getevents:
      case SYSCALLS.io_pgetevents:
        return this.#asksAtOnce(task, call) ? () => this.#give(task, call) : undefined;
      default:
        return undefined;
    }
  }

  /** The kernel is to wait until what the context waits for is ready, or the time is over. */
  enters(task: RecordedTask, call: Call): void {
    if (!isGetEvents(call)) return;
    const context = this.#of(task).get(call.argument(0));
    const waiting = context?.waiting ?? [];
    const { scratch, scratchAddress } = task.space.cacheSpace;
    const timeout =
      call.argument(4) === 0 ? undefined : task.space.memory.read(call.argument(4), TIMESPEC.size);
    if (timeout) scratch.set(timeout);
    const hasMask = call.number === SYSCALLS.io_pgetevents && call.argument(5) !== 0;
    if (waiting.length === 0 && !hasMask) {
      // Only another task can change that: by a request, or by the end of the context.
      if (context) context.awaited = Math.min(context.awaited, countsOf(call)[0]);
      const words = [call.argument(0), FUTEX.WAIT | FUTEX.PRIVATE, 0, timeout ? scratchAddress : 0];
      for (const [at, value] of words.entries()) call.change(task, at, value);
      task.entersCall(SYSCALLS.futex);
      return;
    }
    const polled = pollList(waiting);
    scratch.set(polled, TIMESPEC.size);
    const args = [scratchAddress + TIMESPEC.size, waiting.length, timeout ? scratchAddress : 0];
    if (call.number === SYSCALLS.io_getevents) args.push(0, 0);
    for (const [at, value] of args.entries()) call.change(task, at, value);
    if (call.number === SYSCALLS.io_pgetevents) this.#giveMask(task, call);
    task.entersCall(SYSCALLS.ppoll);
  }

  leaves(task: RecordedTask, call: Call): void {
    if (!isGetEvents(call) || call.parts.length > 0 || call.isAnswered) return;
    if (call.result < 0 && call.result !== -ERRNO.ETIMEDOUT && call.result !== -ERRNO.EAGAIN) return;
    task.result = this.#give(task, call);
    call.result = Number(task.result);
  }

  #of({ space }: RecordedTask): Map<number, Context> {
    const known = this.#contexts.get(space) ?? new Map<number, Context>();
    this.#contexts.set(space, known);
    return known;
  }

  /** The kernel says what it thinks of the arguments, and makes a context that is not kept. */
  #setUp(task: RecordedTask, call: Call): number {
    const { tracer } = this.recording;
    const place = call.argument(1);
    const before = task.space.memory.readU64(place);
    const made = tracer.inject(task, SYSCALLS.io_setup, call.int(0), place);
    if (made < 0 || before === undefined) return made;
    tracer.inject(task, SYSCALLS.io_destroy, task.space.memory.readU64(place) ?? 0n);
    const protection = PROT.READ | PROT.WRITE;
    const start = tracer.inject(
      task,
      SYSCALLS.mmap,
      0,
      PAGE_SIZE,
      protection,
      MAP.PRIVATE | MAP.ANONYMOUS,
      -1,
      0,
    );
    if (start < 0) return start;
    call.made = {
      start,
      end: start + PAGE_SIZE,
      protection,
      shared: false,
      file: -1,
      offset: 0,
      name: PAGE_NAME,
    };
    task.space.memory.write(place, new Uint8Array(new BigUint64Array([BigInt(start)]).buffer));
    this.#of(task).set(start, {
      start,
      room: roomFor(call.int(0)),
      done: [],
      waiting: [],
      awaited: Number.POSITIVE_INFINITY,
    });
    return 0;
  }

  #destroy(task: RecordedTask, call: Call): number {
    if (!this.#of(task).delete(call.argument(0))) return -ERRNO.EINVAL;
    this.#wake(task, call.argument(0), EVERYBODY);
    return 0;
  }

  /** Wakes so many of those that wait for events of a context that has had nothing to wait for. */
  #wake(task: RecordedTask, context: number, count: number): void {
    this.recording.tracer.inject(task, SYSCALLS.futex, context, FUTEX.WAKE | FUTEX.PRIVATE, count);
  }

  #submit(task: RecordedTask, call: Call): number {
    const context = this.#of(task).get(call.argument(0));
    const count = signed(call, 1);
    if (context === undefined || count < 0) return -ERRNO.EINVAL;
    for (let i = 0; i < count; i++) {
      const pointer = task.space.memory.readU64(call.argument(2) + 8 * i);
      const error =
        pointer === undefined ? -ERRNO.EFAULT : this.#submitOne(task, call, context, Number(pointer));
      if (error < 0) return i > 0 ? i : error;
    }
    return count;
  }

  /** @returns 0, or the error by which it is not taken at all. */
  #submitOne(task: RecordedTask, call: Call, context: Context, at: number): number {
    const { memory } = task.space;
    const bytes = memory.read(at, IOCB.size).slice();
    if (bytes.length < IOCB.size) return -ERRNO.EFAULT;
    if (context.done.length + context.waiting.length >= context.room) return -ERRNO.EAGAIN;
    const request = decodeRequest(at, bytes);
    if (typeof request === "number") return request;
    memory.write(at + IOCB.key, new Uint8Array(4));
    call.wrote.push({ address: at + IOCB.key, length: 4 });
    if (task.descriptors.stream(task.tid, request.fd) !== 0 && isWrite(request)) return -ERRNO.EINVAL;
    // A poll passes negative descriptors by.
    const ready = request.fd < 0 ? INVALID : this.#ready(task, request);
    if (ready === INVALID) return -ERRNO.EBADF;
    if (ready === 0) {
      context.waiting.push(request);
      return 0;
    }
    const result = isPoll(request) ? ready : this.#do(task, call, request);
    if (result === -ERRNO.EBADF || result === -ERRNO.EINVAL) return result;
    this.#finish(task, context, request, result);
    return 0;
  }

  /** What of what a request waits for its descriptor is ready for. */
  #ready(task: RecordedTask, request: Request): number {
    const { scratch, scratchAddress } = task.space.cacheSpace;
    scratch.set(pollList([request]));
    scratch.fill(0, POLLFD.size, POLLFD.size + TIMESPEC.size);
    this.recording.tracer.inject(task, SYSCALLS.ppoll, scratchAddress, 1, scratchAddress + POLLFD.size, 0, 0);
    return new DataView(scratch.buffer, scratch.byteOffset).getUint16(POLLFD.revents, true);
  }

  /** Does a request by an ordinary call. @returns Its result. */
  #do(task: RecordedTask, call: Call, request: Request): number {
    const { scratch, scratchAddress } = task.space.cacheSpace;
    scratch.set(vectorOf(request));
    let result = -ERRNO.EINVAL;
    for (const ordinary of ordinaryCalls(request, scratchAddress)) {
      const part = this.#partOf(task, call, ordinary);
      result = this.recording.tracer.inject(task, part.number, ...ordinary.args);
      part.result = result;
      if (result === -ERRNO.ESPIPE) continue;
      call.parts.push(part);
      if (part.spec) call.wrote.push(...outputRanges(part.spec, part));
      break;
    }
    return result;
  }

  #partOf({ space }: RecordedTask, { site }: Call, { name, args }: OrdinaryCall): Call {
    const number = SYSCALLS[name];
    const registers = site.registers.slice();
    fillCallRegisters(
      registers,
      number,
      BigInt(site.next),
      args.map((value) => BigInt.asUintN(64, BigInt(value))),
    );
    return new Call({ ...site, number, registers }, syscallSpec(number), space);
  }

  #finish(task: RecordedTask, context: Context, request: Request, result: number): void {
    context.done.push({ request, result });
    if (context.done.length >= context.awaited) this.#wake(task, context.start, 1);
    if (request.eventFd === undefined) return;
    const { scratch, scratchAddress } = task.space.cacheSpace;
    scratch.set(new Uint8Array(new BigUint64Array([1n]).buffer));
    this.recording.tracer.inject(task, SYSCALLS.write, request.eventFd, scratchAddress, 8);
  }

  /** Requests that wait and are ready by now. */
  #look(task: RecordedTask, call: Call, context: Context): void {
    for (const request of context.waiting.splice(0)) {
      const ready = this.#ready(task, request);
      if (ready === 0) context.waiting.push(request);
      else this.#finish(task, context, request, isPoll(request) ? ready : this.#do(task, call, request));
    }
  }

  /** Whether a call for events need not wait: it is wrong, or there are enough, or it may not. */
  #asksAtOnce(task: RecordedTask, call: Call): boolean {
    const context = this.#of(task).get(call.argument(0));
    const [least, most] = countsOf(call);
    if (context === undefined || least < 0 || least > most) return true;
    if (context.done.length >= least) return true;
    const { memory } = task.space;
    const timeout = call.argument(4);
    return (
      timeout !== 0 && (memory.readU64(timeout) ?? 0n) === 0n && (memory.readU64(timeout + 8) ?? 0n) === 0n
    );
  }

  /** Gives a program the events that there are. @returns How many. */
  #give(task: RecordedTask, call: Call): number {
    const context = this.#of(task).get(call.argument(0));
    const [least, most] = countsOf(call);
    if (context === undefined || least < 0 || least > most) return -ERRNO.EINVAL;
    const timeout = call.argument(4);
    if (timeout !== 0 && task.space.memory.readU64(timeout + 8) === undefined) return -ERRNO.EFAULT;
    this.#look(task, call, context);
    call.isAnswered = true;
    const given = Math.min(most, context.done.length);
    for (let i = 0; i < given; i++) {
      const address = call.argument(3) + EVENT_BYTES * i;
      if (!task.space.writable(address)) return i > 0 ? i : -ERRNO.EFAULT;
      const { request, result } = context.done.shift()!;
      const event = new BigUint64Array([
        request.data,
        BigInt(request.at),
        BigInt.asUintN(64, BigInt(result)),
        0n,
      ]);
      task.space.memory.write(address, new Uint8Array(event.buffer));
      call.wrote.push({ address, length: EVENT_BYTES });
    }
    return given;
  }

  /** Only what waits can be cancelled; its event tells of it. */
  #cancel(task: RecordedTask, call: Call): number {
    const at = call.argument(1);
    const key = task.space.memory.read(at + IOCB.key, 4);
    if (key.length < 4) return -ERRNO.EFAULT;
    if (key.some((byte) => byte !== 0)) return -ERRNO.EINVAL;
    const context = this.#of(task).get(call.argument(0));
    const index = context?.waiting.findIndex((request) => request.at === at) ?? -1;
    if (context === undefined || index < 0) return -ERRNO.EINVAL;
    const [request] = context.waiting.splice(index, 1);
    if (request) this.#finish(task, context, request, 0);
    return -ERRNO.EINPROGRESS;
  }

  /** struct __aio_sigset has the address and the size of a mask, which ppoll has as arguments. */
  #giveMask(task: RecordedTask, call: Call): void {
    const { memory } = task.space;
    const place = call.argument(5);
    const mask = place === 0 ? 0n : (memory.readU64(place) ?? 0n);
    const size = place === 0 ? 0n : (memory.readU64(place + 8) ?? 0n);
    call.change(task, 3, mask);
    call.change(task, 4, size);
  }
}

/** POLLNVAL (asm-generic/poll.h). */
const INVALID = 0x20;

/** How many requests there may be at a time: as many events as fit into the pages of a ring (aio_setup_ring, fs/aio.c, Linux 6.18). */
function roomFor(asked: number): number {
  const [head, spare] = [32, 2];
  const events = 2 * Math.max(asked, 4 * availableParallelism());
  const bytes = head + EVENT_BYTES * (events + spare);
  return (Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE - head) / EVENT_BYTES - 1;
}

function isGetEvents({ number }: Call): boolean {
  return number === SYSCALLS.io_getevents || number === SYSCALLS.io_pgetevents;
}

/** A signed argument of 64 bits. */
function signed({ registers }: Call, at: number): number {
  return Number(BigInt.asIntN(64, argumentOf(registers, at)));
}

/** The least and the most events that a call asks for. */
function countsOf(call: Call): [number, number] {
  return [signed(call, 1), signed(call, 2)];
}

/** An array of struct pollfd for what requests wait for. */
function pollList(requests: readonly Request[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(POLLFD.size * requests.length));
  for (const [i, request] of requests.entries()) {
    view.setInt32(POLLFD.size * i, request.fd, true);
    view.setUint16(POLLFD.size * i + POLLFD.events, readiness(request), true);
  }
  return new Uint8Array(view.buffer);
}
