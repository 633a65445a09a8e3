/** The code cache in files in memory: for tracees that get it by descriptors, and where System V has no memory to give. */
import {
  AT_FDCWD,
  close,
  ftruncate,
  isErrno,
  MAP,
  memfdCreate,
  NativeBuffer,
  O,
  open,
  PROT,
  SharedSegment,
  SYSCALLS,
} from "../../ffi/mod.ts";
import { type CodeMemory, type CodePlace, type Inject, SegmentMemory } from "./code-memory.ts";
import type { CodeSegment, CodeUse } from "./code-segment.ts";
import type { Task } from "./task.ts";

/** Room below the stack pointer of a program at its first instruction for what calls point to. */
const ROOM = 4096;

/** Bytes of the largest piece that a code cache is made of: the translations of one library. */
const LARGEST = 1 << 27;

/** A piece of the code cache: a file in memory, of which tracees get what they may do with it. */
export class FileSegment implements CodeSegment {
  readonly isGiven = false;

  private constructor(
    readonly buffer: NativeBuffer,
    /** For tracees: of code for reading only, so that no tracee can make it writable. */
    readonly fd: number,
  ) {}

  /** @throws SyscallError where there is no memory or no descriptor. */
  static make(size: number, use: CodeUse): FileSegment {
    const fd = memfdCreate("tickproof-code");
    try {
      ftruncate(fd, size);
      const buffer = NativeBuffer.shared(fd, size);
      return new FileSegment(buffer, open(`/proc/self/fd/${fd}`, use === "code" ? O.RDONLY : O.RDWR));
    } finally {
      close(fd);
    }
  }

  /** The first four arguments of the mmap that puts it into a task. */
  mapping({ base, use, replace }: CodePlace): readonly number[] {
    const protection = use === "code" ? PROT.READ | PROT.EXEC : PROT.READ | PROT.WRITE;
    return [base, this.buffer.size, protection, MAP.SHARED | (replace ? MAP.FIXED : MAP.FIXED_NOREPLACE)];
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
    close(this.fd);
  }
}

/** Where a task has room for what an injected call points to: the scratch area, or its stack before there is one. */
export function roomOf(task: Task): number {
  if (task.space.hasContext) return task.space.cacheSpace.scratchAddress;
  return Math.floor((task.number("rsp") - ROOM) / 16) * 16;
}

/** Tracees open the files by the tracer's descriptors in /proc, which a program that has given up its user can't. */
export class OpenedMemory implements CodeMemory<FileSegment> {
  readonly isTrusted = true;
  readonly reachesAll = false;

  make(size: number, use: CodeUse): FileSegment {
    return FileSegment.make(size, use);
  }

  attach(task: Task, call: Inject, segment: FileSegment, place: CodePlace): number {
    const at = roomOf(task);
    task.space.memory.write(at, Buffer.from(`/proc/${process.pid}/fd/${segment.fd}\0`));
    const fd = call(SYSCALLS.openat, AT_FDCWD, at, (place.use === "code" ? O.RDONLY : O.RDWR) | O.CLOEXEC, 0);
    if (fd < 0) return fd;
    const result = call(SYSCALLS.mmap, ...segment.mapping(place), fd, 0);
    call(SYSCALLS.close, fd);
    return result;
  }
}

/**
 * What the code cache of a recording is made of here: segments of System V, which every program can attach, or, where the
 * kernel has none of that size to give (kernel.shmmax, shmall, shmmni, CONFIG_SYSVIPC, a container's filter), files.
 *
 * @throws SyscallError where there is neither.
 */
export function recordingMemory(): CodeMemory {
  try {
    new SharedSegment(LARGEST)[Symbol.dispose]();
    return new SegmentMemory();
  } catch (error) {
    const isRefused = (["EINVAL", "ENOSPC", "ENOMEM", "ENOSYS", "EPERM", "EACCES"] as const).some((code) =>
      isErrno(error, code),
    );
    if (!isRefused) throw error;
    FileSegment.make(LARGEST, "code")[Symbol.dispose]();
    return new OpenedMemory();
  }
}
