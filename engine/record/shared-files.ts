/**
 * Files that are mapped shared: all mappings of one show the same bytes, and so does what is written to the file
 * by system calls. Replay has one copy of each, with the contents of the time of its first mapping; whatever the
 * kernel changes in it later has to be written down as memory.
 */
import { readFileSync, statSync } from "node:fs";
import { SYSCALLS } from "../../ffi/mod.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { Mapping } from "../tracee/mappings.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";

/** A stretch of a file, in bytes. */
interface Stretch {
  start: number;
  end: number;
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

  /**
   * Memory that is different because a call that has ended changed a mapped file.
   *
   * @returns undefined if another process maps the file and this one does not: there is no way to say so.
   */
  changed(task: RecordedTask, call: Call): MemoryWrite[] | undefined {
    if (this.indices.size === 0 || call.result < 0) return [];
    const change = CHANGES.get(call.number);
    const fd = change?.fd ?? REPLACES.get(call.number);
    if (fd === undefined || (change && call.result === 0)) return [];
    const key = identity(`/proc/${task.tid}/fd/${call.int(fd)}`);
    const file = key === undefined ? undefined : this.indices.get(key);
    if (file === undefined) return [];
    const own = mappingsOf(task, file);
    if (own.length === 0) return this.isMapped(file) ? undefined : [];
    return this.contents(task, own, change && written(task, call, change));
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
    return [...this.recording.tasks.values()].some((task) => mappingsOf(task, file).length > 0);
  }
}

function mappingsOf(task: RecordedTask, file: number): Mapping[] {
  return task.space.mappings.all.filter((mapping) => mapping.shared && mapping.file === file);
}

/** The stretch that a write has written. */
function written(task: RecordedTask, call: Call, change: { fd: number; offset?: number }): Stretch {
  if (change.offset !== undefined) {
    const start = call.argument(change.offset);
    return { start, end: start + call.result };
  }
  const info = readFileSync(`/proc/${task.tid}/fdinfo/${call.int(change.fd)}`, "latin1");
  const end = Number(/^pos:\s*(\d+)$/m.exec(info)?.[1] ?? 0);
  return { start: end - call.result, end };
}

function identity(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}
