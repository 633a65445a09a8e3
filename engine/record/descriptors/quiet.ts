/**
 * The monitor of quiet files: those by which a task can read or write without a stop, regular ones and folders on file
 * systems where nobody has to be waited for.
 *
 * A descriptor is looked at when a call by it has stopped, and forgotten with whatever may lead it elsewhere.
 */
import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { BUFFERED, holds } from "../../kernel/mod.ts";
import { BITMAP } from "../../tracee/call-ring.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { FileMonitor } from "./monitor.ts";

/** What the monitor needs of a recording. */
export interface QuietLog {
  /** Living tasks by thread id. */
  readonly tasks: ReadonlyMap<number, RecordedTask>;
  readonly files: { readonly everMapped: ReadonlySet<string> };
  /** Whether calls are done without a stop at all. */
  readonly calls: { readonly isOn: boolean };
}

/**
 * File systems that keep their files on a disk or in memory by themselves (linux/magic.h; XFS: fs/xfs/libxfs/xfs_format.h):
 * ext2 to ext4, XFS, Btrfs, tmpfs, ramfs, overlayfs, F2FS, SquashFS.
 */
const OWN_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0x794c7630, 0xf2f52010, 0x73717368,
]);

/** Calls that the stub does by quiet descriptors. */
const BY_DESCRIPTOR: ReadonlySet<number> = new Set(
  BUFFERED.filter(({ descriptor }) => descriptor !== undefined).map(({ number }) => number),
);
/** No descriptors. */
const NONE = new Uint8Array(BITMAP);

/** Knows by which descriptors calls need no stop. */
export class QuietFiles implements FileMonitor {
  /** Somebody hears of what is done to files. */
  #isHeard = false;
  /** The length of files is limited: a write may bring a signal. */
  #isLimited = false;
  /** Files are locked, or leased: a close may wake somebody. */
  #isLocked = false;

  constructor(private readonly recording: QuietLog) {}

  /** The first process has been started, with what it has inherited. */
  begin(pid: number): void {
    this.#isHeard = hasListener(pid);
    this.#isLimited = limitsFiles(pid);
  }

  /** Tells the stub of a task that is about to run which descriptors are quiet. */
  prepare({ space, descriptors: { quiet } }: RecordedTask): void {
    const { calls } = space.cacheSpace;
    // Where text is write-protected, the kernel would end a read that natively goes on.
    if (this.#isHeard || space.guarded.size > 0) calls.stopReads();
    else calls.setQuiet("read", quiet.read);
    calls.setQuiet("written", this.#isHeard || this.#isLimited ? NONE : quiet.written);
    calls.setQuiet("closed", this.#isHeard || this.#isLocked ? NONE : quiet.read);
  }

  after(task: RecordedTask, call: Call): void {
    const { spec, number, result } = call;
    if (spec === undefined || !this.recording.calls.isOn) return;
    this.#isHeard ||= holds(spec.listens, call);
    this.#isLimited ||= holds(spec.limitsFiles, call);
    this.#isLocked ||= holds(spec.locksFiles, call);
    if (result < 0) return;
    if (spec.descriptors?.kind === "given" && spec.descriptors.usedNext) this.#look(task, result);
    else if (spec.descriptors === undefined && BY_DESCRIPTOR.has(number)) this.#look(task, call.int(0));
  }

  /** Finds out whether a descriptor is quiet, if that is not known. */
  #look({ tid, descriptors }: RecordedTask, fd: number): void {
    if (descriptors.quiet.knows(fd)) return;
    const file = quietFile(`/proc/${tid}/fd/${fd}`);
    const isOwn = file !== undefined && file !== "" && !this.recording.files.everMapped.has(file);
    const written = isOwn && descriptors.stream(tid, fd) === 0;
    descriptors.quiet.note(fd, { read: file !== undefined, written });
  }

  /** A file is mapped that was not before: who writes to it is to be looked at, whichever of the descriptors that is. */
  mapped(): void {
    for (const { descriptors } of this.recording.tasks.values()) descriptors.quiet.clear();
  }
}

/** Whether a process has inherited something that hears of what is done to files. */
function hasListener(pid: number): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((fd) => /inotify|fanotify/.test(readlinkSync(`${folder}/${fd}`)));
}

/** Whether the files that a process writes to may only have so many bytes (proc_pid_limits(5)). */
function limitsFiles(pid: number): boolean {
  return !/^Max file size\s+unlimited\s+unlimited/m.test(readFileSync(`/proc/${pid}/limits`, "latin1"));
}

/**
 * What a descriptor of a task leads to.
 *
 * @param path `/proc/TID/fd/N`.
 * @returns Device and inode of a regular file, "" of a folder; undefined where a call may have to wait, or is heard of.
 */
function quietFile(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile() && !stat?.isDirectory()) return undefined;
  if (!OWN_FILE_SYSTEMS.has(statfsSync(path).type)) return undefined;
  // A file without a name may be the recorder's copy of one of /proc, which is made anew when it is read (`proc-views.ts`).
  if (stat.isFile() && stat.nlink === 0n) return undefined;
  return stat.isFile() ? `${stat.dev}:${stat.ino}` : "";
}
