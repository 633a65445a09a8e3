/** A file that only grows, by whole records: after a failed write it ends where it ended before. */
import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { reasonOf } from "../errno-exception.ts";
import { TraceError } from "./trace-error.ts";

/** A file that records are appended to, by one thread at a time. */
export class AppendFile {
  readonly path: string;
  readonly fd: number;
  #size: number;

  /**
   * @param path Where to make it; must not exist.
   * @param fd Descriptor of a file that another thread has appended to until now, to go on with that one.
   */
  constructor(path: string, fd: number = openSync(path, "wx")) {
    this.path = path;
    this.fd = fd;
    this.#size = fstatSync(fd).size;
  }

  /**
   * Appends a record, with one write unless the kernel takes only a part of it.
   *
   * @throws {TraceError} If it cannot be written; the file is then as it was.
   */
  append(record: Uint8Array): void {
    try {
      for (let done = 0; done < record.length; ) {
        done += writeSync(this.fd, record, done, record.length - done, this.#size + done);
      }
    } catch (error) {
      ftruncateSync(this.fd, this.#size);
      throw new TraceError({
        what: `Cannot write to the trace: ${reasonOf(error)}`,
        where: `${this.path}: byte ${this.#size}`,
        mend: "make room on its file system or record to another one",
        cause: error,
      });
    }
    this.#size += record.length;
  }

  /** Whether the file still is where it was made: its folder may have been removed, or moved away. */
  get isInPlace(): boolean {
    const there = statSync(this.path, { throwIfNoEntry: false, bigint: true });
    const open = fstatSync(this.fd, { bigint: true });
    return there?.ino === open.ino && there.dev === open.dev;
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.fd);
  }
}
