/** Which descriptors of a table are quiet (`quiet.ts`): as the stub for system calls reads it, one bit each. */
import { BITMAP } from "../../tracee/call-ring.ts";

/** What is known of a descriptor. */
export interface Quiet {
  read: boolean;
  written: boolean;
}

/** Which descriptors of one table are quiet, for reads and for writes. */
export class QuietSet {
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
