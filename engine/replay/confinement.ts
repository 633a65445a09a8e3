/**
 * Keeps the processes of a replay from touching anything: they have no descriptor but a channel to the tracer, and a
 * filter of system calls, both before any code but the blank program's has run. What they map is handed to them.
 */
import { DescriptorChannel, ERRNO, errnoInfo, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault, invariant } from "../engine-error.ts";
import type { CodeMemory, CodePlace, Inject } from "../tracee/code-memory.ts";
import type { CodeUse } from "../tracee/code-segment.ts";
import { FileSegment, roomOf } from "../tracee/file-memory.ts";
import { type InjectedCall, injectAll } from "../tracee/injected-calls.ts";
import { putFilter } from "../tracee/syscall-filter.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { callFilter } from "./call-filter.ts";

/** prctl(2); linux/prctl.h. */
const PR_SET_NO_NEW_PRIVS = 38;
/** Highest descriptor that close_range(2) can be asked for. */
const LAST_DESCRIPTOR = 0xffff_ffff;

/** How a task maps a part of an open file: see {@link Confinement.callsToMap}. */
interface MappingCalls {
  calls: readonly [take: InjectedCall, map: InjectedCall, close: InjectedCall];
  taken: (result: number) => number;
  come: (results: readonly number[]) => number;
}

/** Makes processes that can touch nothing, and hands them what they are to map. */
export class Confinement implements CodeMemory<FileSegment>, Disposable {
  readonly isTrusted = false;
  readonly reachesAll = true;
  readonly #channel = new DescriptorChannel();
  /** Of the processes that it has confined. */
  #tracer: Tracer | undefined;

  /** Why processes have no filter of system calls, if they have none. */
  unfiltered: string | undefined;

  make(size: number, use: CodeUse): FileSegment {
    return FileSegment.make(size, use);
  }

  attach(task: Task, call: Inject, segment: FileSegment, place: CodePlace): number {
    const { calls, taken, come } = this.callsToMap(task, 0, segment.fd, segment.mapping(place), 0);
    if (this.#tracer && task.space.hasContext && !place.replace)
      return come(injectAll(this.#tracer, task, calls));
    // No list is there yet, or it is in what is replaced, with the message that has come.
    const [[take, ...taking], [map, ...mapping], [close, ...closing]] = calls;
    const got = taken(call(take, ...taking));
    if (got < 0) return got;
    const result = call(map, ...mapping);
    call(close, ...closing);
    return result;
  }

  /**
   * The calls by which a task maps a part of an open file: it takes the descriptor, which is on its way from now on, maps,
   * and closes it.
   *
   * @param which Of several files that are on their way together, from 0; at most {@link MOST_TOGETHER}.
   * @returns The calls; what has come by the first, once its result is there: the descriptor, or -errno; and what the results
   *   of all come to: the address, or -errno.
   */
  callsToMap(task: Task, which: number, fd: number, args: readonly number[], offset: number): MappingCalls {
    const { memory } = task.space;
    const at = roomOf(task) + which * DescriptorChannel.MESSAGE_BYTES;
    const { number, args: receiving, message } = this.#channel.receiveCall(at);
    memory.write(at, message);
    this.#channel.send(fd);
    // The task has no other descriptor than its end of the channel.
    const theirs = this.#channel.childEnd === 0 ? 1 : 0;
    const taken = (result: number): number => {
      if (result < 0) return result;
      const got = DescriptorChannel.received(memory.read(at, message.length));
      invariant(got < 0 || got === theirs, `a replayed process has got descriptor ${got}, not ${theirs}`);
      return got;
    };
    return {
      calls: [
        [number, ...receiving],
        [SYSCALLS.mmap, ...args, theirs, offset],
        [SYSCALLS.close, theirs],
      ],
      taken,
      come: ([result = 0, mapped = 0]) => {
        const got = taken(result);
        return got < 0 ? got : mapped;
      },
    };
  }

  /** Most files that are on their way to a task together: as many messages as there is room for. */
  static readonly MOST_TOGETHER = 32;

  /**
   * Confines a process that stands at the first instruction of the blank program.
   *
   * @param gadget Address of a `syscall; int3` in it.
   */
  confine(tracer: Tracer, task: Task, gadget: number): void {
    this.#tracer = tracer;
    const call: Inject = (number, ...args) => tracer.injectAt(task, gadget, number, args);
    this.#closeOthers(call);
    const at = roomOf(task);
    call(SYSCALLS.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const result = putFilter(call, task.space.memory, at, callFilter(this.#channel.childEnd));
    if (result < 0) this.unfiltered = `seccomp: ${errnoInfo(-result).code}`;
    tracer.flush(task);
  }

  /** Leaves a process nothing but its end of the channel. */
  #closeOthers(call: Inject): void {
    const { childEnd } = this.#channel;
    const closed =
      call(SYSCALLS.close_range, 0, childEnd - 1, 0) === 0 &&
      call(SYSCALLS.close_range, childEnd + 1, LAST_DESCRIPTOR, 0) === 0;
    if (closed) return;
    // Linux before 5.9: the tracer has made all others close-on-exec, so that the standard streams are left.
    for (const fd of [0, 1, 2]) {
      const result = call(SYSCALLS.close, fd);
      if (result === 0 || result === -ERRNO.EBADF) continue;
      throw new HostFault(
        `Cannot replay: descriptor ${fd} of a replayed process can't be closed (errno ${-result})`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }
}
