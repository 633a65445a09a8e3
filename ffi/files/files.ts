/** System calls on files, as thin typed wrappers: results as numbers, errors as SyscallError. */

import { AT_FDCWD, ERRNO, MFD, O, rawSyscall, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { bounce, NativeBuffer, pathArgument } from "../memory/mod.ts";

/**
 * An anonymous file in memory, to be mapped in several processes.
 *
 * @param name Shown in /proc/PID/maps as `/memfd:name`; at most 249 bytes.
 * @param flags Of `MFD`.
 * @returns Descriptor.
 */
export function memfdCreate(name: string, flags: number = MFD.CLOEXEC): number {
  return unwrap("memfd_create", retry(SYSCALLS.memfd_create, pathArgument(name), flags));
}

const TCGETS = 0x5401; // asm-generic/ioctls.h
/** More than struct termios needs (36 bytes). */
const TERMIOS_ROOM = 64;

/** Whether a descriptor of this process is a terminal. `node:tty` says it too, but loads streams to do so. */
export function isTerminal(fd: number): boolean {
  using termios = NativeBuffer.map(TERMIOS_ROOM);
  return retry(SYSCALLS.ioctl, fd, TCGETS, termios.address) === 0;
}

const TIOCGWINSZ = 0x5413; // asm-generic/ioctls.h
/** struct winsize: rows, columns, and sizes in pixels, 16 bits each (asm-generic/termios.h). */
const WINSIZE = { size: 8, columns: 2 } as const;

/** Columns of a terminal; undefined where the descriptor is none, or doesn't know. */
export function terminalColumns(fd: number): number | undefined {
  using winsize = NativeBuffer.map(WINSIZE.size);
  if (retry(SYSCALLS.ioctl, fd, TIOCGWINSZ, winsize.address) !== 0) return undefined;
  return winsize.view.getUint16(WINSIZE.columns, true) || undefined;
}

/** LOCK_EX | LOCK_NB of flock(2) (asm-generic/fcntl.h). */
const LOCK_NOW = 2 | 4;

/**
 * Locks an open file for this process alone, as long as its descriptor is open (flock(2)).
 *
 * @returns Whether it is locked: false where another descriptor has it, or its file system has no locks.
 */
export function tryLock(fd: number): boolean {
  return retry(SYSCALLS.flock, fd, LOCK_NOW) === 0;
}

/** Sets the length of a file, in bytes; what is added reads as zeros. */
export function ftruncate(fd: number, size: number): void {
  unwrap("ftruncate", retry(SYSCALLS.ftruncate, fd, size));
}

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of fallocate (linux/falloc.h). */
const KEEP_SIZE = 1;
const PUNCH_HOLE = 2;

/** Takes the data of a file away from the start up to `length`: it reads as zeros then, and keeps its length. */
export function punchHole(fd: number, length: number): void {
  unwrap("fallocate", retry(SYSCALLS.fallocate, fd, KEEP_SIZE | PUNCH_HOLE, 0, length));
}

/** SEEK_DATA and SEEK_HOLE of lseek (linux/fs.h). */
const SEEK = { DATA: 3, HOLE: 4 } as const;

/** Where the first data at or behind `offset` of a file is; undefined if only a hole follows, or nothing. */
export function nextData(fd: number, offset: number): number | undefined {
  const result = retry(SYSCALLS.lseek, fd, offset, SEEK.DATA);
  return result === -ERRNO.ENXIO ? undefined : unwrap("lseek", result);
}

/** Where the data at `offset` of a file ends: at a hole, or at the end of the file. */
export function nextHole(fd: number, offset: number): number {
  return unwrap("lseek", retry(SYSCALLS.lseek, fd, offset, SEEK.HOLE));
}

/**
 * Opens a file, relative to the working directory.
 *
 * @param flags Of `O`; O_CLOEXEC is added, so that no tracee inherits it.
 * @param mode Permissions if the file is created.
 * @returns Descriptor.
 * @throws SyscallError which names the path.
 */
export function open(path: string, flags: number, mode = 0o644): number {
  const result = retry(SYSCALLS.openat, AT_FDCWD, pathArgument(path), flags | O.CLOEXEC, mode);
  return unwrap(`open(${path})`, result);
}

/**
 * Opens a file relative to an open directory.
 *
 * @param directory Descriptor of the directory, of which `O.PATH` is enough.
 * @param name Path below it.
 * @param flags As of {@link open}.
 * @returns Descriptor.
 */
export function openAt(directory: number, name: string, flags: number): number {
  const result = retry(SYSCALLS.openat, directory, pathArgument(name), flags | O.CLOEXEC, 0);
  return unwrap(`openat(${name})`, result);
}

/** Closes a descriptor. Not retried: Linux has freed it even when it says EINTR (close(2), NOTES). */
export function close(fd: number): void {
  const result = rawSyscall(SYSCALLS.close, fd);
  if (result !== -4) unwrap("close", result);
}

/**
 * Reads at an offset into native memory.
 *
 * @param address Where the bytes go: an address in this process.
 * @returns Bytes read; fewer than asked at the end of the file.
 */
export function preadAt(fd: number, address: number, length: number, offset: number): number {
  return unwrap("pread64", retry(SYSCALLS.pread64, fd, address, length, offset));
}

/** Writes native memory at an offset; returns the bytes written. */
export function pwriteAt(fd: number, address: number, length: number, offset: number): number {
  return unwrap("pwrite64", retry(SYSCALLS.pwrite64, fd, address, length, offset));
}

/** Reads at an offset until `target` is full or the file ends; returns the bytes read. */
export function pread(fd: number, target: Uint8Array, offset: number): number {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(bounce.size, target.length - done);
    const count = preadAt(fd, bounce.address, length, offset + done);
    if (count === 0) break;
    target.set(bounce.u8.subarray(0, count), done);
    done += count;
  }
  return done;
}

/** Writes all of `source` at an offset; returns its length. */
export function pwrite(fd: number, source: Uint8Array, offset: number): number {
  let done = 0;
  while (done < source.length) {
    const part = source.subarray(done, done + bounce.size);
    bounce.u8.set(part);
    done += pwriteAt(fd, bounce.address, part.length, offset + done);
  }
  return done;
}

/**
 * Whether two tasks share something, told by the kernel's own pointers.
 *
 * @param type Of `KCMP`.
 * @param index1 For KCMP.FILE the descriptor in the first process; likewise `index2`.
 * @returns 0 when they are the same; 1, 2 or 3 otherwise (kcmp(2)).
 * @throws SyscallError ENOSYS where the kernel has no kcmp.
 */
export function kcmp(pid1: number, pid2: number, type: number, index1 = 0, index2 = 0): number {
  return unwrap("kcmp", retry(SYSCALLS.kcmp, pid1, pid2, type, index1, index2));
}

/**
 * Copies from the current offset of one file to that of another inside the kernel.
 *
 * @returns Bytes copied; 0 at the end of the input.
 * @throws SyscallError EXDEV, EINVAL or EOPNOTSUPP where the file systems cannot do it.
 */
export function copyFileRange(fdIn: number, fdOut: number, length: number): number {
  return unwrap("copy_file_range", retry(SYSCALLS.copy_file_range, fdIn, 0, fdOut, 0, length, 0));
}

const FICLONE = 0x4004_9409; // linux/fs.h: _IOW(0x94, 9, int)

/**
 * Makes one file share all blocks of another, copied when one of them changes.
 *
 * @returns Nothing; the target then has the content of the source.
 * @throws SyscallError EOPNOTSUPP, ENOTTY, EINVAL or EXDEV where the file system cannot: copy instead.
 */
export function cloneFile(fdTarget: number, fdSource: number): void {
  unwrap("ioctl(FICLONE)", retry(SYSCALLS.ioctl, fdTarget, FICLONE, fdSource));
}
