/**
 * Memory that other processes can attach by a number alone: without a path, a descriptor, or a share of this
 * process's privileges. It is gone when the last of them is.
 *
 * Sources: shmget(2), shmop(2), shmctl(2); linux/shm.h; struct ipc64_perm in asm-generic/ipcbuf.h.
 */

import { nativeFunction, retry, SYSCALLS, unwrap, WORD } from "../kernel/mod.ts";
import { SEGMENT_LISTING } from "../stubs/segment.ts";
import { NativeBuffer } from "./buffer.ts";
import { loadCode } from "./code.ts";
import { scratch } from "./scratch.ts";

/** Flags of shmat. */
export const SHM = { RDONLY: 0o10000, REMAP: 0o40000, EXEC: 0o100000 } as const;

const IPC_CREAT = 0o1000;
const SHM_NORESERVE = 0o10000;
/** Its owner's alone; without the right to execute nobody could map code from it. */
const MODE = 0o700;

const IPC_SET = 1;
/** struct shmid64_ds begins with struct ipc64_perm: key, uid, gid, cuid, cgid, mode. */
const SHMID_DS = { uid: 4, mode: 20, size: 112 } as const;

let stub: ((size: number, flags: number, address: number) => number) | undefined;

/** A System V segment of this process, attached here as a buffer; {@link giveTo} lets a user attach it. */
export class SharedSegment implements Disposable {
  /** What it is attached by. */
  readonly id: number;
  /** This process's view of it. */
  readonly buffer: NativeBuffer;

  /**
   * @param size Bytes.
   * @throws SyscallError where the kernel has no such memory (ENOSYS) or none left (ENOSPC, ENOMEM).
   */
  constructor(size: number) {
    stub ??= nativeFunction<NonNullable<typeof stub>>(
      loadCode(SEGMENT_LISTING)("segment_stub"),
      [WORD, WORD, WORD],
      "i32",
    );
    const flags = IPC_CREAT | SHM_NORESERVE | MODE;
    this.id = unwrap("shmget", stub(size, flags, scratch.address));
    // Marked for removal by now; Linux lets others attach it all the same, as long as somebody has it.
    this.buffer = NativeBuffer.attachedAt(unwrap("shmat", Number(scratch.view.getBigInt64(0, true))), size);
  }

  /** Lets processes of another user attach it, beside those of this one's. */
  giveTo(uid: number): void {
    using description = NativeBuffer.map(SHMID_DS.size);
    description.view.setUint32(SHMID_DS.uid, uid, true);
    description.view.setUint32(SHMID_DS.mode, MODE, true);
    unwrap("shmctl", retry(SYSCALLS.shmctl, this.id, IPC_SET, description.address));
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }
}
