/**
 * Descriptors by which a task can read or write without a stop: those of regular files, and of folders, on file systems
 * where nobody has to be waited for.
 *
 * A descriptor is looked at when a call by it has stopped, and forgotten with whatever may lead it elsewhere. One table of
 * descriptors has one of these (`descriptor-table.ts`).
 */
import { statfsSync, statSync } from "node:fs";
import { BITMAP } from "../tracee/call-ring.ts";

/**
 * File systems that keep their files on a disk or in memory by themselves (linux/magic.h; XFS: fs/xfs/libxfs/xfs_format.h):
 * ext2 to ext4, XFS, Btrfs, tmpfs, ramfs, overlayfs, F2FS, SquashFS.
 */
const OWN_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0x794c7630, 0xf2f52010, 0x73717368,
]);

/** What is known of a descriptor. */
export interface Quiet {
  read: boolean;
  written: boolean;
}

/** Which descriptors of one table are quiet, for reads and for writes. */
export class QuietDescriptors {
  /** One bit for each descriptor. */
  readonly read = new Uint8Array(BITMAP);
  readonly written = new Uint8Array(BITMAP);
  readonly #known = new Set<number>();

  /** Whether a descriptor was looked at, or is none that can be noted. */
  knows(fd: number): boolean {
    return fd < 0 || fd >= 8 * BITMAP || this.#known.has(fd);
  }

  note(fd: number, { read, written }: Quiet): void {
    this.#known.add(fd);
    this.#set(this.read, fd, read);
    this.#set(this.written, fd, written);
  }

  /** A descriptor may lead elsewhere from now on. */
  forget(fd: number): void {
    if (!this.#known.delete(fd)) return;
    this.#set(this.read, fd, false);
    this.#set(this.written, fd, false);
  }

  /** All of them may. */
  clear(): void {
    this.#known.clear();
    this.read.fill(0);
    this.written.fill(0);
  }

  #set(bitmap: Uint8Array, fd: number, isQuiet: boolean): void {
    const bit = 1 << (fd & 7);
    bitmap[fd >> 3] = isQuiet ? bitmap[fd >> 3]! | bit : bitmap[fd >> 3]! & ~bit;
  }
}

/**
 * What a descriptor of a task leads to.
 *
 * @param path `/proc/TID/fd/N`.
 * @returns Device and inode of a regular file, "" of a folder; undefined where a call may have to wait, or is heard of.
 */
export function quietFile(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile() && !stat?.isDirectory()) return undefined;
  if (!OWN_FILE_SYSTEMS.has(statfsSync(path).type)) return undefined;
  // A file without a name may be the recorder's copy of one of /proc, which is made anew when it is read (`proc-views.ts`).
  if (stat.isFile() && stat.nlink === 0n) return undefined;
  return stat.isFile() ? `${stat.dev}:${stat.ino}` : "";
}
