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

/** A group may also read and execute it. */
const MODE_FOR_GROUP = 0o750;

const IPC_SET = 1;
/** struct shmid64_ds begins with struct ipc64_perm: key, uid, gid, cuid, cgid, mode. */
const SHMID_DS = { uid: 4, gid: 8, mode: 20, size: 112 } as const;

/** Bits of an id that say where the kernel keeps it (IPCMNI_SHIFT in ipc/util.h). */
const INDEX = 0x7fff;

/** Ids of all that this process has. */
const living = new Set<number>();

let stub: ((size: number, flags: number, address: number) => number) | undefined;

/** A System V segment of this process, attached here as a buffer. It can be given to others. */
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
    living.add(this.id);
    this.buffer = NativeBuffer.attachedAt(unwrap("shmat", Number(scratch.view.getBigInt64(0, true))), size);
  }

  /** Whether a segment that this process has goes by an id, or lies where one has its index. */
  static isOwn(id: number, byIndex = false): boolean {
    return byIndex ? [...living].some((own) => (own & INDEX) === (id & INDEX)) : living.has(id);
  }

  #isGiven = false;

  /** Whether another user was given it, who may have it anywhere since. */
  get isGiven(): boolean {
    return this.#isGiven;
  }

  /** Gives it to another user, who may write to it. */
  giveTo(uid: number): void {
    this.#isGiven = true;
    this.#set({ uid, gid: 0, mode: MODE });
  }

  /** Lets a group read and execute it. */
  showTo(gid: number): void {
    this.#set({ uid: process.geteuid?.() ?? 0, gid, mode: MODE_FOR_GROUP });
  }

  #set({ uid, gid, mode }: { uid: number; gid: number; mode: number }): void {
    using description = NativeBuffer.map(SHMID_DS.size);
    description.view.setUint32(SHMID_DS.uid, uid, true);
    description.view.setUint32(SHMID_DS.gid, gid, true);
    description.view.setUint32(SHMID_DS.mode, mode, true);
    unwrap("shmctl", retry(SYSCALLS.shmctl, this.id, IPC_SET, description.address));
  }

  [Symbol.dispose](): void {
    living.delete(this.id);
    this.buffer[Symbol.dispose]();
  }
}
