/**
 * Keeps the processes of a replay from touching anything: they have no descriptor but a channel to the tracer, and a
 * filter of system calls, both before any code but the blank program's has run. What they map is handed to them.
 */
import { DescriptorChannel, ERRNO, errnoInfo, SYSCALLS } from "../../ffi/mod.ts";
import { HostFault } from "../engine-error.ts";
import type { CodeMemory, CodePlace, Inject } from "../tracee/code-memory.ts";
import type { CodeUse } from "../tracee/code-segment.ts";
import { FileSegment, roomOf } from "../tracee/file-memory.ts";
import { putFilter } from "../tracee/syscall-filter.ts";
import type { Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import { callFilter } from "./call-filter.ts";

/** prctl(2); linux/prctl.h. */
const PR_SET_NO_NEW_PRIVS = 38;
/** Highest descriptor that close_range(2) can be asked for. */
const LAST_DESCRIPTOR = 0xffff_ffff;

/** Makes processes that can touch nothing, and hands them what they are to map. */
export class Confinement implements CodeMemory<FileSegment>, Disposable {
  readonly isTrusted = false;
  readonly reachesAll = true;
  readonly #channel = new DescriptorChannel();

  /** Why processes have no filter of system calls, if they have none. */
  unfiltered: string | undefined;

  make(size: number, use: CodeUse): FileSegment {
    return FileSegment.make(size, use);
  }

  attach(task: Task, call: Inject, segment: FileSegment, place: CodePlace): number {
    return this.map(task, call, segment.fd, segment.mapping(place), 0);
  }

  /**
   * Maps a part of an open file in a task.
   *
   * @param call Makes system calls in the name of the task.
   * @param fd The tracer's descriptor of it.
   * @param args The first four arguments of mmap.
   * @returns The address, or -errno.
   */
  map(task: Task, call: Inject, fd: number, args: readonly number[], offset: number): number {
    const theirs = this.#give(task, call, fd);
    if (theirs < 0) return theirs;
    const result = call(SYSCALLS.mmap, ...args, theirs, offset);
    call(SYSCALLS.close, theirs);
    return result;
  }

  /** @returns The descriptor's number in the task, or -errno. */
  #give(task: Task, call: Inject, fd: number): number {
    const { memory } = task.space;
    const at = roomOf(task);
    const { number, args, message } = this.#channel.receiveCall(at);
    memory.write(at, message);
    this.#channel.send(fd);
    const result = call(number, ...args);
    return result < 0 ? result : DescriptorChannel.received(memory.read(at, message.length));
  }

  /**
   * Confines a process that stands at the first instruction of the blank program.
   *
   * @param gadget Address of a `syscall; int3` in it.
   */
  confine(tracer: Tracer, task: Task, gadget: number): void {
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
