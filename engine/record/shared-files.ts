/**
 * Files that change while they are mapped. All shared mappings of one show the same bytes, and so does what is
 * written to the file by system calls; private mappings show that, too, where the program has not written itself.
 * Replay has one copy of each, with the contents of the time of its first mapping; whatever the kernel changes in it
 * later has to be written down as memory.
 */
import { statSync } from "node:fs";
import { O, SYSCALLS } from "../../ffi/mod.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { Mapping } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import { position } from "./outside-writes.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** A stretch of a file, in bytes. */
interface Stretch {
  start: number;
  end: number;
}

/** Memory of the process of a task, as somebody else has left it. */
export interface OutsideWrite {
  task: RecordedTask;
  writes: MemoryWrite[];
}

/** Calls that change a file: which argument its descriptor is, and which one the offset, if any. */
const CHANGES = new Map<number, { fd: number; offset?: number }>([
  [SYSCALLS.write, { fd: 0 }],
  [SYSCALLS.writev, { fd: 0 }],
  [SYSCALLS.pwrite64, { fd: 0, offset: 3 }],
  [SYSCALLS.pwritev, { fd: 0, offset: 3 }],
]);

/** The same, where all of the file may be different. */
const REPLACES = new Map<number, number>([
  [SYSCALLS.pwritev2, 0],
  [SYSCALLS.ftruncate, 0],
  [SYSCALLS.fallocate, 0],
  [SYSCALLS.sendfile, 0],
  [SYSCALLS.copy_file_range, 2],
  [SYSCALLS.splice, 2],
]);

const ALL: Stretch = { start: 0, end: Number.MAX_SAFE_INTEGER };

/** See the file's head. */
export class SharedFiles {
  /** Index in the trace's file list, by device and inode. */
  private readonly indices = new Map<string, number>();
  /** The same for private mappings: one index for each state of the file that was mapped. */
  private readonly privately = new Map<string, Set<number>>();
  /** Files that some process has opened to write. */
  private readonly writable = new Set<string>();
  /** Some file is mapped privately, and open to be written. */
  private watching = false;

  constructor(private readonly recording: Recording) {}

  /**
   * The file of a new mapping.
   *
   * @param path Where to read it.
   * @param name What the program calls it.
   * @returns Its index; `known` if a mapping of it is there already.
   */
  add(path: string, name: string): { file: number; known: boolean } {
    const key = identity(path);
    const before = key === undefined ? undefined : this.indices.get(key);
    if (before !== undefined && this.isMapped(before)) return { file: before, known: true };
    const file = this.recording.writer.addFile({ path, name, volatile: true });
    if (key !== undefined) this.indices.set(key, file);
    return { file, known: false };
  }

  /** A file has been mapped privately. */
  addPrivate(path: string, file: number): void {
    const key = identity(path);
    if (key === undefined) return;
    const known = this.privately.get(key);
    if (known) known.add(file);
    else this.privately.set(key, new Set([file]));
    this.watching ||= this.writable.has(key);
  }

  /** To be called after a call that has succeeded: it may have opened a file to write. */
  opened(task: RecordedTask, call: Call): void {
    if (!opensToWrite(call)) return;
    const key = identity(`/proc/${task.tid}/fd/${call.result}`);
    if (key === undefined) return;
    this.writable.add(key);
    this.watching ||= this.privately.has(key);
  }

  /**
   * Memory that is different because a call that has ended changed a mapped file.
   *
   * @returns What each process that maps it has there now.
   */
  changed(task: RecordedTask, call: Call): OutsideWrite[] {
    if ((this.indices.size === 0 && !this.watching) || call.result < 0) return [];
    const change = CHANGES.get(call.number);
    const fd = change?.fd ?? REPLACES.get(call.number);
    if (fd === undefined || (change && call.result === 0)) return [];
    const key = identity(`/proc/${task.tid}/fd/${call.int(fd)}`);
    if (key === undefined) return [];
    const files = new Set(this.privately.get(key));
    const shared = this.indices.get(key);
    if (shared !== undefined) files.add(shared);
    if (files.size === 0) return [];
    const stretch = change && written(task, call, change);
    const bySpace = new Map([task, ...this.recording.tasks.values()].map((any) => [any.space, any]));
    return [...bySpace.values()].map((owner) => ({
      task: owner,
      writes: this.contents(owner, mappingsOf(owner, files), stretch),
    }));
  }

  /** What some mappings show of a stretch of their file. */
  contents(task: RecordedTask, mappings: readonly Mapping[], stretch = ALL): MemoryWrite[] {
    return mappings
      .map(({ start, end, offset }) => {
        const from = start + Math.max(0, stretch.start - offset);
        const to = Math.min(end, start + (stretch.end - offset));
        return to > from ? this.recording.snapshot(task.space, from, to - from) : undefined;
      })
      .filter((write) => write !== undefined);
  }

  private isMapped(file: number): boolean {
    const files = new Set([file]);
    return [...this.recording.tasks.values()].some((task) => mappingsOf(task, files).length > 0);
  }
}

function mappingsOf(task: RecordedTask, files: ReadonlySet<number>): Mapping[] {
  return task.space.mappings.all.filter((mapping) => files.has(mapping.file));
}

/** Whether a call has made a descriptor that files can be written by. */
function opensToWrite(call: Call): boolean {
  const WRITES = O.WRONLY | O.RDWR;
  switch (call.number) {
    case SYSCALLS.creat:
    case SYSCALLS.memfd_create:
      return true;
    case SYSCALLS.open:
      return (call.int(1) & WRITES) !== 0;
    case SYSCALLS.openat:
      return (call.int(2) & WRITES) !== 0;
    case SYSCALLS.openat2:
      // struct open_how (linux/openat2.h) begins with the flags.
      return (call.u32(call.argument(2)) & WRITES) !== 0;
    default:
      return false;
  }
}

/** The stretch that a write has written. */
function written(task: RecordedTask, call: Call, change: { fd: number; offset?: number }): Stretch {
  if (change.offset !== undefined) {
    const start = call.argument(change.offset);
    return { start, end: start + call.result };
  }
  const end = position(task.tid, call.int(change.fd));
  return { start: end - call.result, end };
}

function identity(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}
