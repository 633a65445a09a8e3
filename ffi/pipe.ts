/**
 * A pipe whose reading end belongs to somebody else: what is written wakes that one (or signals it, by O_ASYNC),
 * and the writing end tells when nobody has the other one any more.
 */

import { NativeBuffer } from "./buffer.ts";
import { unwrap } from "./error.ts";
import { close, open } from "./files.ts";
import { O } from "./mman.ts";
import { SYSCALLS } from "./numbers.ts";
import { rawSyscall } from "./raw.ts";
import { retry } from "./retry.ts";
import { scratch } from "./scratch.ts";

/** struct pollfd and POLLERR (asm-generic/poll.h). */
const POLLFD = { fd: 0, events: 4, revents: 6 } as const;
const POLLERR = 8;

/** See the file's head. */
export class NotifyingPipe implements Disposable {
  readonly #pollfd = NativeBuffer.map(8);
  #read: number;

  private constructor(
    /** The writing end. */
    readonly fd: number,
    read: number,
  ) {
    this.#read = read;
    this.#pollfd.view.setInt32(POLLFD.fd, fd, true);
  }

  /** @throws SyscallError when there are no descriptors left. */
  static create(): NotifyingPipe {
    unwrap("pipe2", rawSyscall(SYSCALLS.pipe2, scratch.address, O.CLOEXEC | O.NONBLOCK));
    return new NotifyingPipe(scratch.i32[1]!, scratch.i32[0]!);
  }

  /** Path by which another process can open the reading end, until {@link release}. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#read}`;
  }

  /** Gives up this process's own reading end: the others are the only ones from now on. */
  release(): void {
    close(this.#read);
    this.#read = -1;
  }

  /** Whether nobody can read any more. */
  get abandoned(): boolean {
    unwrap("poll", retry(SYSCALLS.poll, this.#pollfd.address, 1, 0));
    return (this.#pollfd.view.getInt16(POLLFD.revents, true) & POLLERR) !== 0;
  }

  /** Makes the reading end readable, and signals its owner. Without effect if nobody can read. */
  notify(): void {
    retry(SYSCALLS.write, this.fd, scratch.address, 1);
  }

  /** Makes the reading end unreadable again. */
  drain(): void {
    const fd = open(`/proc/self/fd/${this.fd}`, O.RDONLY | O.NONBLOCK);
    while (retry(SYSCALLS.read, fd, scratch.address, scratch.size) > 0);
    close(fd);
  }

  [Symbol.dispose](): void {
    if (this.#read >= 0) close(this.#read);
    close(this.fd);
    this.#pollfd[Symbol.dispose]();
  }
}
