/**
 * Follows the files that are mapped. What is written to one by system calls shows in all its mappings, be they shared,
 * read-only or of text, and in private ones where the process has not written itself; where it is cut, they end.
 * Replay has one copy of each file that changes, which changes by the events that are written here.
 *
 * Invariant: as long as a file is mapped by some process, its contents in the trace, with the `file` events so far
 * and the program's own stores, are what the file holds, wherever it is mapped.
 */
import { statSync } from "node:fs";
import { close, isErrno, O, open, pread } from "../../../ffi/mod.ts";
import type { MappingRecord, MemoryWrite } from "../../trace/events.ts";
import type { TraceWriter } from "../../trace/mod.ts";
import type { Mapping } from "../../tracee/mappings.ts";
import type { Tracer } from "../../tracee/tracer.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { changedRange, contentChange, cutAt, type FileRange, pathAt, WHOLE } from "./file-changes.ts";
import type { FileMonitor } from "./monitor.ts";

/** What following files needs of a recording. */
export interface FileLog {
  readonly tracer: Tracer;
  readonly writer: TraceWriter;
  /** The program has got memory that others may have, too. */
  sharesMemory(): void;
  /** Who hears of files that are mapped for the first time. */
  readonly quiet: { mapped(): void };
  /** A mapped file has another length or contents, as a task saw it. */
  fileChanged(task: RecordedTask, file: number, size: number, writes: MemoryWrite[]): void;
}

/** A file that is mapped, or was. */
interface Followed {
  /** Device and inode. */
  key: string;
  name: string;
  /** Index in the trace's file list. */
  index: number;
  /** Length that the trace knows. */
  size: number;
  /** What told its contents from others, when the trace last knew all of them. */
  state: string;
  /** Something has changed where nobody maps it. */
  behind: boolean;
}

/** All files that processes of the recording map, and the events that keep their copies in the trace true. */
export class MappedFiles implements FileMonitor {
  /** By device and inode. */
  private readonly files = new Map<string, Followed>();
  /** All files that were ever mapped, by device and inode. */
  readonly everMapped = new Set<string>();
  /** Files that were mapped shared and could be written: their times don't tell of all stores. */
  private readonly stored = new Set<string>();
  /** What has to be told once the event of the present call is written. */
  private due: { followed: Followed; path: string; range: FileRange }[] = [];

  constructor(private readonly recording: FileLog) {}

  /**
   * The file of a new mapping, before that is in its space's list.
   *
   * @param path Where to read it.
   * @param mapping Its `name` says what the program calls the file.
   * @returns Its index in the trace's file list.
   */
  add(path: string, { start, end, offset, shared, name }: MappingRecord): number {
    const { writer, tracer } = this.recording;
    const stat = stateOf(path);
    if (stat && !this.everMapped.has(stat.key)) {
      this.everMapped.add(stat.key);
      this.recording.quiet.mapped();
    }
    let followed = stat && this.files.get(stat.key);
    if (followed && tracer.maps(followed.index)) {
      const isBehind = followed.behind || followed.state !== stat?.state;
      if (isBehind) this.due.push({ followed, path, range: { start: offset, end: offset + (end - start) } });
    } else {
      const volatile = shared || (stat !== undefined && this.stored.has(stat.key));
      const index = writer.addFile({ path, name, volatile });
      followed = {
        key: stat?.key ?? "",
        name,
        index,
        size: stat?.size ?? 0,
        state: stat?.state ?? "",
        behind: false,
      };
      if (stat) this.files.set(stat.key, followed);
    }
    if (shared) {
      this.recording.sharesMemory();
      writer.fileChanges(followed.index);
      if (stat) this.stored.add(stat.key);
    }
    return followed.index;
  }

  /** Whether a file of the present call has changed since the trace has its contents. */
  get isDue(): boolean {
    return this.due.length > 0;
  }

  /** To be called after the event of a call: adds events for what it has changed in mapped files. */
  after(task: RecordedTask, call: Call): void {
    this.contentsChanged(task, call);
    if (call.result >= 0 && call.spec?.memory === "move") this.grown(task, call.result);
    if (call.result >= 0 && call.spec?.memory === "remapFile") this.grown(task, call.argument(0));
    const { due } = this;
    if (due.length === 0) return;
    this.due = [];
    for (const { followed, path, range } of due) this.tell(task, followed, path, range);
  }

  private contentsChanged(task: RecordedTask, call: Call): void {
    const change = contentChange(call);
    if (!change) return;
    const { file, stretch } = change;
    let fd: number | undefined;
    if ("fd" in file) {
      fd = file.fd === "result" ? call.result : call.int(file.fd);
      if (!this.mayBeMapped(task, fd)) return;
    }
    const path = "path" in file ? pathAt(task, call, file.path) : `/proc/${task.tid}/fd/${fd}`;
    this.changed(task, path, (size) =>
      // A call that failed half-way has changed it anywhere.
      call.result < 0 ? WHOLE : changedRange(task, call, stretch, fd, size),
    );
  }

  /** The inode of a file that is mapped. */
  inodeOf(index: number): string | undefined {
    return this.byIndex(index)?.key.split(":")[1];
  }

  private byIndex(index: number): Followed | undefined {
    return [...this.files.values()].find((followed) => followed.index === index);
  }

  /** Somebody outside of the recording has changed a file. */
  changedOutside(task: RecordedTask, index: number, writes: MemoryWrite[]): void {
    const followed = this.byIndex(index);
    if (followed) this.recording.fileChanged(task, index, followed.size, writes);
  }

  /** Somebody outside of the recording may have changed the length of a file. */
  resizedOutside(task: RecordedTask, index: number): void {
    const followed = this.byIndex(index);
    const stat = followed && stateOf(followed.name);
    if (!stat || stat.key !== followed.key || stat.size === followed.size) return;
    followed.size = stat.size;
    this.recording.fileChanged(task, index, stat.size, []);
  }

  /** Whether a descriptor is one of a file that has been mapped. */
  private mayBeMapped({ tid, descriptors }: RecordedTask, fd: number): boolean {
    const file = descriptors.file(tid, fd);
    return file?.isFile === true && this.files.has(file.key);
  }

  /** A call has changed a file. */
  private changed(task: RecordedTask, path: string, rangeIn: (size: number) => FileRange): void {
    const stat = stateOf(path);
    const followed = stat && this.files.get(stat.key);
    if (!followed) return;
    if (!this.recording.tracer.maps(followed.index)) {
      this.files.delete(stat.key);
      return;
    }
    // Where its end was, or is, the rest of a page may have become zeros.
    const ends = stat.size === followed.size ? [] : [cutAt(followed.size), cutAt(stat.size)];
    for (const range of [rangeIn(stat.size), ...ends]) this.tell(task, followed, path, range);
  }

  /** A mapping has changed what it shows of its file: that may be more than before. */
  private grown(task: RecordedTask, address: number): void {
    const mapping = task.space.mappings.find(address);
    const followed = mapping && this.byIndex(mapping.file);
    if (mapping && followed?.behind) this.tell(task, followed, undefined, rangeOf(mapping));
  }

  /**
   * Writes down what a stretch of a file holds, as far as it is mapped.
   *
   * @param path Where to read it; undefined to see it where it is mapped.
   */
  private tell(task: RecordedTask, followed: Followed, path: string | undefined, range: FileRange): void {
    const { recording } = this;
    const stat = path === undefined ? undefined : stateOf(path);
    const size = stat?.size ?? followed.size;
    const mapped = recording.tracer.mappingsOf(followed.index).map(({ mapping }) => rangeOf(mapping));
    const shown = joined(mapped.map((part) => common(part, range)).filter(({ start, end }) => start < end));
    if (!shown.some(({ start, end }) => start <= range.start && Math.min(size, range.end) <= end))
      followed.behind = true;
    if (stat) followed.state = stat.state;
    const visible = shown
      .map((part) => common(part, { start: 0, end: size }))
      .filter(({ start, end }) => start < end);
    const writes =
      (path === undefined ? undefined : contents(path, visible)) ??
      this.shownContents(followed.index, visible);
    if (writes.length === 0 && size === followed.size) return;
    followed.size = size;
    recording.writer.fileChanges(followed.index);
    recording.fileChanged(task, followed.index, size, writes);
  }

  /** What stretches of a file hold, as seen by those who share it. */
  private shownContents(file: number, ranges: readonly FileRange[]): MemoryWrite[] {
    const views = this.recording.tracer.mappingsOf(file);
    return ranges.flatMap((range) =>
      views.flatMap(({ space, mapping }) => {
        const { start, end } = common(range, rangeOf(mapping));
        if (start >= end || !mapping.shared) return [];
        const address = mapping.start + (start - mapping.offset);
        return [{ address: start, bytes: space.memory.read(address, end - start).slice() }];
      }),
    );
  }
}

function rangeOf({ start, end, offset }: Mapping): FileRange {
  return { start: offset, end: offset + (end - start) };
}

function common(a: FileRange, b: FileRange): FileRange {
  return { start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) };
}

/** Stretches in order, those that touch made one. */
function joined(ranges: readonly FileRange[]): FileRange[] {
  const result: FileRange[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result[result.length - 1];
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}

/** What stretches of a file hold; undefined if the recorder may not read it. */
function contents(path: string, ranges: readonly FileRange[]): MemoryWrite[] | undefined {
  if (ranges.length === 0) return [];
  let fd: number;
  try {
    fd = open(path, O.RDONLY);
  } catch (error) {
    if (isErrno(error, "EACCES") || isErrno(error, "EPERM")) return undefined;
    throw error;
  }
  try {
    return ranges.map(({ start, end }) => {
      const bytes = new Uint8Array(end - start);
      return { address: start, bytes: bytes.subarray(0, pread(fd, bytes, start)) };
    });
  } finally {
    close(fd);
  }
}

/** What is known of a file without reading it; undefined if there is none, or none that has contents. */
function stateOf(path: string): { key: string; size: number; state: string } | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return { key: `${dev}:${ino}`, size: Number(size), state: `${size} ${mtimeNs} ${ctimeNs}` };
}
