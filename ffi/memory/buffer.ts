/**
 * Memory that the kernel and JS can share for long: mapped, so that nothing ever moves it.
 *
 * `ptr()` of a small typed array goes stale when the JIT moves the array's elements out of line (seen after
 * some 14,000 stops: a stale wait status). A mapping has one address for its whole life.
 */

import { MAP, PROT, retry, SYSCALLS, unwrap, viewMemory } from "../kernel/mod.ts";

/**
 * A mapping with views over it. Dispose it when it is not needed any more: the garbage collector does not.
 * Disposing detaches the views (their length becomes 0), so that a late use reads `undefined` and does not
 * crash; native code that still has the address is the owner's business.
 */
export class NativeBuffer implements Disposable {
  /** Address of the first byte. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  readonly u8: Uint8Array<ArrayBuffer>;
  /** 32-bit views cover `size` rounded down to 4 bytes. */
  readonly i32: Int32Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  /** Covers `size` rounded down to 8 bytes. */
  readonly u64: BigUint64Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;

  private constructor(address: number, size: number) {
    const bytes = viewMemory(address, size);
    this.address = address;
    this.size = size;
    this.u8 = new Uint8Array(bytes);
    this.i32 = new Int32Array(bytes, 0, Math.floor(size / 4));
    this.u32 = new Uint32Array(bytes, 0, Math.floor(size / 4));
    this.u64 = new BigUint64Array(bytes, 0, Math.floor(size / 8));
    this.view = new DataView(bytes);
  }

  /**
   * Private zeroed memory.
   *
   * @param size Bytes, at least 1; whole pages are mapped, the views end at `size`.
   * @throws SyscallError when there is no memory (ENOMEM).
   */
  static map(size: number): NativeBuffer {
    return NativeBuffer.#create(size, MAP.PRIVATE | MAP.ANONYMOUS, -1, 0);
  }

  /**
   * A file's own pages: what is written here is seen by every other mapping of it at once.
   *
   * @param fd Descriptor, open for reading and writing; it may be closed afterwards.
   * @param size Bytes; the file must be that long, as an access past its last page is a SIGBUS.
   * @param offset Where in the file; a multiple of 4096.
   * @throws SyscallError when the kernel refuses (EACCES, EINVAL, ENOMEM).
   */
  static shared(fd: number, size: number, offset = 0): NativeBuffer {
    return NativeBuffer.#create(size, MAP.SHARED, fd, offset);
  }

  /**
   * The pages of a shared memory segment (see `shared_segment.ts`).
   *
   * @throws SyscallError when there is no such segment (EINVAL), or it is somebody else's (EACCES).
   */
  static attached(id: number, size: number): NativeBuffer {
    return NativeBuffer.attachedAt(unwrap("shmat", retry(SYSCALLS.shmat, id, 0, 0)), size);
  }

  /** The same, where they are attached already. */
  static attachedAt(address: number, size: number): NativeBuffer {
    return new NativeBuffer(address, size);
  }

  static #create(size: number, flags: number, fd: number, offset: number): NativeBuffer {
    if (!Number.isInteger(size) || size < 1 || size >= 2 ** 32) {
      throw new RangeError(
        `Cannot map a buffer as 'size' must be an integer of 1 to 2^32 - 1: current value is ${size}`,
      );
    }
    const address = unwrap("mmap", retry(SYSCALLS.mmap, 0, size, PROT.READ | PROT.WRITE, flags, fd, offset));
    return new NativeBuffer(address, size);
  }

  /** Unmaps the memory and detaches the views. Doing it twice does nothing. */
  [Symbol.dispose](): void {
    const bytes = this.u8.buffer;
    if (bytes.detached) return;
    bytes.transfer(0);
    unwrap("munmap", retry(SYSCALLS.munmap, this.address, this.size));
  }
}
