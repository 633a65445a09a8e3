/**
 * What is known of the descriptors of a task, looked up in proc once: tasks that share their descriptors (CLONE_FILES)
 * share one table; fork, execve and unshare make a new one.
 */
import { OutputStreams } from "./output-streams.ts";
import { QuietDescriptors } from "./quiet-descriptors.ts";

/** What is known of one table: which descriptors are output, which files they are of, which are quiet. */
export class DescriptorTable {
  /** Which of them lead to the recorder's output. */
  readonly streams = new OutputStreams();
  /** Which files they are of, by device and inode; "" for what is no file. Filled when asked. */
  readonly files = new Map<number, string>();
  /** By which of them calls need no stop. */
  readonly quiet = new QuietDescriptors();

  /** Descriptors may lead elsewhere from now on. */
  changed(): void {
    this.streams.changed();
    this.files.clear();
  }
}
