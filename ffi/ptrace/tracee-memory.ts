/**
 * The memory of a tracee through /proc/PID/mem: works on read-only text too, needs no stop of its own, and
 * costs about 1 µs a call. Addresses are numbers below 2^47; the vsyscall page is out of reach.
 */

import { close, open } from "../files/mod.ts";
import { ERRNO, O, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";

const INITIAL_CAPACITY = 1 << 20;

/** Bytes moved before unmapped memory: EIO and EFAULT only say that not even the first byte was there. */
function orShort(name: string, result: number): number {
  if (result === -ERRNO.EIO || result === -ERRNO.EFAULT) return 0;
  return unwrap(name, result);
}

/**
 * Memory of one process. It follows the address space that the process had when this was opened: after an
 * execve of the tracee {@link reopen} it, or reads come back empty.
 */
export class TraceeMemory implements Disposable {
  readonly pid: number;
  #fd: number;
  #buffer = NativeBuffer.map(INITIAL_CAPACITY);

  /** @throws SyscallError ENOENT when there is no such process, EACCES when we do not trace it. */
  constructor(pid: number) {
    this.pid = pid;
    this.#fd = open(`/proc/${pid}/mem`, O.RDWR);
  }

  /** Follows the tracee into its new address space. */
  reopen(): void {
    const fd = open(`/proc/${this.pid}/mem`, O.RDWR);
    close(this.#fd);
    this.#fd = fd;
  }

  /**
   * Reads memory. The result is a view of one buffer that every {@link read}, {@link write} and
   * {@link readInto} uses: copy it (`slice()`) to keep it past the next call.
   *
   * @returns At most `length` bytes; fewer when unmapped memory begins before that, none after death.
   */
  read(address: number, length: number): Uint8Array {
    const buffer = this.#room(length);
    return buffer.u8.subarray(0, this.#transfer(SYSCALLS.pread64, "pread64", buffer, length, address));
  }

  /** Reads memory until `target` is full; returns the bytes read, as {@link read}. */
  readInto(address: number, target: Uint8Array): number {
    const bytes = this.read(address, target.length);
    target.set(bytes);
    return bytes.length;
  }

  /** One u64, or undefined when it is not mapped. */
  readU64(address: number): bigint | undefined {
    return this.read(address, 8).length === 8 ? this.#buffer.u64[0] : undefined;
  }

  /**
   * Writes memory, whatever its protection: private pages are copied, as for a debugger.
   *
   * @returns Bytes written; fewer when unmapped memory begins before the end.
   */
  write(address: number, bytes: Uint8Array): number {
    const buffer = this.#room(bytes.length);
    buffer.u8.set(bytes);
    return this.#transfer(SYSCALLS.pwrite64, "pwrite64", buffer, bytes.length, address);
  }

  /** Closes the descriptor and frees the buffer, of which earlier results become empty. */
  [Symbol.dispose](): void {
    close(this.#fd);
    this.#buffer[Symbol.dispose]();
  }

  #transfer(nr: number, name: string, buffer: NativeBuffer, length: number, address: number): number {
    let done = 0;
    while (done < length) {
      const count = orShort(name, retry(nr, this.#fd, buffer.address + done, length - done, address + done));
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  #room(length: number): NativeBuffer {
    if (length > this.#buffer.size) {
      const grown = NativeBuffer.map(2 ** Math.ceil(Math.log2(length)));
      this.#buffer[Symbol.dispose]();
      this.#buffer = grown;
    }
    return this.#buffer;
  }
}

/** Opens the memory of a traced process; see {@link TraceeMemory}. */
export function openMemory(pid: number): TraceeMemory {
  return new TraceeMemory(pid);
}
