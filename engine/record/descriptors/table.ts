/**
 * What is known of the descriptors of a task, looked up in /proc once: tasks that share their descriptors (CLONE_FILES)
 * share one table; fork, execve and unshare make a new one.
 *
 * Invariant: what is kept of a descriptor is true until a call changes it, by what the table of system calls says. What is
 * not open is not kept: it may be opened by any call.
 */
import { readlinkSync } from "node:fs";
import { isErrnoException } from "../../errno-exception.ts";
import { type CallView, type DescriptorChange, holds } from "../../kernel/mod.ts";
import { type FileIdentity, identityAt } from "./identity.ts";
import { QuietSet } from "./quiet-set.ts";
import { type Stream, streamAt } from "./stream.ts";

/** The descriptors of one or more tasks. The methods take the id of any task that has them. */
export class DescriptorTable {
  readonly #streams = new Map<number, Stream>();
  readonly #files = new Map<number, FileIdentity>();
  readonly #links = new Map<number, string>();
  /** By which of them calls need no stop. */
  readonly quiet = new QuietSet();

  /** The stream of the recorder's own output that a descriptor leads to. */
  stream(tid: number, fd: number): Stream {
    let stream = this.#streams.get(fd);
    if (stream === undefined) {
      stream = streamAt(tid, fd);
      this.#streams.set(fd, stream);
    }
    return stream;
  }

  /** The file that a descriptor is of; undefined if it is not open. */
  file(tid: number, fd: number): FileIdentity | undefined {
    const known = this.#files.get(fd);
    if (known !== undefined) return known;
    const file = identityAt(tid, fd);
    if (file !== undefined) this.#files.set(fd, file);
    return file;
  }

  /** What /proc calls the file that a descriptor is of; "" if it is not open. */
  link(tid: number, fd: number): string {
    const known = this.#links.get(fd);
    if (known !== undefined) return known;
    const link = linkAt(tid, fd);
    if (link !== "") this.#links.set(fd, link);
    return link;
  }

  /**
   * A call of a task has ended that changes descriptors.
   *
   * @returns The task's table from now on: a new one if the call has parted it from that of others.
   */
  after(change: DescriptorChange, call: CallView): DescriptorTable {
    switch (change.kind) {
      case "given":
        if (change.when === undefined || holds(change.when, call)) this.forget(call.result);
        return this;
      case "closed":
        this.forget(call.int(change.at));
        return this;
      case "any":
        if (holds(change.parts, call)) return new DescriptorTable();
        this.forgetAll();
        return this;
    }
  }

  /** A file was opened for reading without a stop: it is one by which nobody waits. */
  opened(fd: number): void {
    this.forget(fd);
    if (!this.quiet.knows(fd)) this.quiet.note(fd, ["read"]);
  }

  /** A descriptor leads elsewhere from now on. */
  forget(fd: number): void {
    this.#streams.delete(fd);
    this.#files.delete(fd);
    this.#links.delete(fd);
    this.quiet.forget(fd);
  }

  /** Any of them may lead elsewhere from now on. */
  forgetAll(): void {
    this.#streams.clear();
    this.#files.clear();
    this.#links.clear();
    this.quiet.clear();
  }
}

/** Where a link of /proc leads; "" for a descriptor that is not open. */
function linkAt(tid: number, fd: number): string {
  try {
    return readlinkSync(`/proc/${tid}/fd/${fd}`);
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return "";
    throw error;
  }
}
