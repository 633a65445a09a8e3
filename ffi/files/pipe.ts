/**
 * The writing end of a pipe whose reading end belongs to somebody else: what is written wakes that one (or signals
 * it, by O_ASYNC), and the pipe tells when nobody has the other end any more.
 */

import { O, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { NativeBuffer, scratch } from "../memory/mod.ts";
import { close, open } from "./files.ts";

/** struct pollfd and POLLERR (asm-generic/poll.h). */
const POLLFD = { fd: 0, revents: 6, size: 8 } as const;
const POLLERR = 8;

/** The writing end of such a pipe; what is written can be drained again. */
export class NotifyingPipe implements Disposable {
  readonly #fd: number;
  readonly #pollfd = NativeBuffer.map(POLLFD.size);

  /**
   * @param path Of a pipe that somebody has open for reading: `/proc/PID/fd/N`, whichever end that is.
   * @throws SyscallError ENXIO when nobody has.
   */
  constructor(path: string) {
    this.#fd = open(path, O.WRONLY | O.NONBLOCK);
    this.#pollfd.view.setInt32(POLLFD.fd, this.#fd, true);
  }

  /** Whether nobody can read any more. */
  get abandoned(): boolean {
    unwrap("poll", retry(SYSCALLS.poll, this.#pollfd.address, 1, 0));
    return (this.#pollfd.view.getInt16(POLLFD.revents, true) & POLLERR) !== 0;
  }

  /** Makes the reading end readable, and signals its owner. Without effect if nobody can read. */
  notify(): void {
    retry(SYSCALLS.write, this.#fd, scratch.address, 1);
  }

  /** Makes the reading end unreadable again. */
  drain(): void {
    const fd = open(`/proc/self/fd/${this.#fd}`, O.RDONLY | O.NONBLOCK);
    while (retry(SYSCALLS.read, fd, scratch.address, scratch.size) > 0);
    close(fd);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
    this.#pollfd[Symbol.dispose]();
  }
}

/** fcntl: sets the size of a pipe. Source: linux/fcntl.h (F_LINUX_SPECIFIC_BASE + 7). */
const F_SETPIPE_SZ = 1031;

/** A pipe in packet mode (pipe2(2), O_DIRECT): each write is read by one read of its own. */
export class PacketPipe implements Disposable {
  readonly #reader: number;
  readonly #writer: number;

  /** @param size Bytes; a packet takes a page of them. */
  constructor(size: number) {
    unwrap("pipe2", retry(SYSCALLS.pipe2, scratch.address, O.DIRECT | O.NONBLOCK | O.CLOEXEC));
    [this.#reader, this.#writer] = [scratch.view.getInt32(0, true), scratch.view.getInt32(4, true)];
    unwrap("fcntl", retry(SYSCALLS.fcntl, this.#writer, F_SETPIPE_SZ, size));
  }

  /** Where others open its reading end. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#reader}`;
  }

  /** Writes a packet of at most a page. @returns Whether there was room. */
  write(packet: Uint8Array): boolean {
    scratch.u8.set(packet);
    return retry(SYSCALLS.write, this.#writer, scratch.address, packet.length) === packet.length;
  }

  [Symbol.dispose](): void {
    close(this.#reader);
    close(this.#writer);
  }
}
