/**
 * The monitor of quiet descriptors: those by which a task can read or write without a stop. These are of regular files and
 * folders on file systems where nobody has to be waited for; and of pipes and sockets, where a call can be asked not to wait
 * (`tracee/flow-stub.ts`).
 *
 * A descriptor is looked at when a call by it has stopped, and forgotten with whatever may lead it elsewhere.
 */
import { type BigIntStats, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { O, SYSCALLS, socketProtocol } from "../../../ffi/mod.ts";
import { BUFFERED, holds } from "../../kernel/mod.ts";
import { uses } from "../../optimisations.ts";
import { BITMAP } from "../../tracee/call-ring.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { FileMonitor } from "./monitor.ts";
import type { QuietWay } from "./quiet-set.ts";
import type { DescriptorTable } from "./table.ts";

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
  BUFFERED.filter(({ descriptor, flow }) => (descriptor ?? flow) !== undefined).map(({ number }) => number),
);
/** Calls that mount file systems, or take them away. */
const MOUNTS: ReadonlySet<number> = new Set(
  (["mount", "umount2", "move_mount", "fsmount", "open_tree", "pivot_root"] as const).map(
    (name) => SYSCALLS[name],
  ),
);
/** Least size of the buffer of a socket for what PIPE_BUF bytes fit into at once: half of it is for one of them. */
const ROOMY = 16384;
/** Protocols of streams, of which a read that a bad address ends takes nothing away; a pipe is one of them here. */
const PIPE = "pipe";
const LOCAL = "UNIX-STREAM";
const STREAMS: ReadonlySet<string> = new Set([PIPE, LOCAL, "TCP", "TCPv6"]);
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
  /** Sockets may have buffers of any size, and wait for any amount. */
  #areSocketsSet = false;
  /** Sockets that were there before the recording, which may have any options. */
  #inherited: ReadonlySet<string> = new Set();
  /** Devices of files by which nobody has to wait. */
  readonly #devices = new Set<bigint>();
  readonly #opens = uses("opens");

  constructor(private readonly recording: QuietLog) {}

  /** The first process has been started, with what it has inherited. */
  begin(pid: number): void {
    this.#isHeard = hasListener(pid);
    this.#isLimited = limitsFiles(pid);
    this.#inherited = new Set(linksOf(pid).filter((link) => link.startsWith("socket:")));
    const usual = Number(readFileSync("/proc/sys/net/core/wmem_default", "latin1"));
    this.#areSocketsSet = !(usual >= ROOMY);
  }

  /**
   * Tells the stub of a task that is about to run which descriptors are quiet.
   *
   * @param flows Whether what it reads from pipes and sockets, and writes to them, may be seen later.
   */
  prepare({ space, descriptors: { quiet } }: RecordedTask, flows: boolean): void {
    const { calls } = space.cacheSpace;
    const set = (way: QuietWay, isQuiet: boolean) => calls.setQuiet(way, isQuiet ? quiet.bitmap(way) : NONE);
    // Where text is write-protected, the kernel would end a read that natively goes on.
    const reads = !this.#isHeard && space.guarded.size === 0;
    set("read", reads);
    set("received", reads && flows);
    set("receivedInTime", reads && flows);
    set("written", !this.#isHeard && !this.#isLimited);
    set("sent", !this.#isHeard && flows);
    set("sentInTime", !this.#isHeard && flows);
    const closes = !this.#isHeard && !this.#isLocked;
    calls.setQuiet("closed", closes ? quiet.bitmap("read") : NONE);
    calls.setDevices(reads && closes && this.#opens ? this.#devices : []);
  }

  after(task: RecordedTask, call: Call): void {
    const { spec, number, result } = call;
    if (spec === undefined || !this.recording.calls.isOn) return;
    this.#isHeard ||= holds(spec.listens, call);
    this.#isLimited ||= holds(spec.limitsFiles, call);
    this.#isLocked ||= holds(spec.locksFiles, call);
    // The number of a device may become another one's.
    if (MOUNTS.has(number)) this.#devices.clear();
    if (holds(spec.changesWaiting, call)) {
      this.#areSocketsSet ||= number === SYSCALLS.setsockopt;
      // The open file may have descriptors in other tables, too.
      for (const other of this.recording.tasks.values()) other.descriptors.quiet.forgetFlows();
      return;
    }
    if (result < 0) return;
    if (spec.descriptors?.kind === "given" && spec.descriptors.usedNext) this.#look(task, result);
    else if (spec.descriptors === undefined && BY_DESCRIPTOR.has(number)) this.#look(task, call.int(0));
  }

  /** Finds out whether a descriptor is quiet, if that is not known. */
  #look({ tid, descriptors }: RecordedTask, fd: number): void {
    if (descriptors.quiet.knows(fd)) return;
    descriptors.quiet.note(fd, this.#waysOf(tid, descriptors, fd));
  }

  #waysOf(tid: number, descriptors: DescriptorTable, fd: number): QuietWay[] {
    const path = `/proc/${tid}/fd/${fd}`;
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    const isOutput = () => descriptors.stream(tid, fd) !== 0;
    if (stat?.isDirectory()) return this.#isQuietFile(path, stat) ? ["read"] : [];
    if (stat?.isFile()) {
      if (!this.#isQuietFile(path, stat)) return [];
      const isMapped = this.recording.files.everMapped.has(`${stat.dev}:${stat.ino}`);
      return isMapped || isOutput() ? ["read"] : ["read", "written"];
    }
    const protocol = stat?.isFIFO() ? PIPE : stat?.isSocket() ? socketProtocol(path) : undefined;
    if (protocol === undefined || !STREAMS.has(protocol)) return [];
    const flags = statusOf(tid, fd);
    if ((flags & O.ASYNC) !== 0) return [];
    if ((flags & O.NONBLOCK) !== 0) return isOutput() ? ["received"] : ["received", "sent"];
    // What waits for more than there is, or sends a part because there is no room for all, would do so to the end.
    const isUsual = !this.#areSocketsSet && !this.#inherited.has(descriptors.link(tid, fd));
    if (protocol !== PIPE && !isUsual) return [];
    const isWhole = protocol === PIPE || protocol === LOCAL;
    return isWhole && !isOutput() ? ["receivedInTime", "sentInTime"] : ["receivedInTime"];
  }

  /**
   * Whether nobody has to be waited for in a regular file, or a folder.
   *
   * @param path `/proc/TID/fd/N`.
   */
  #isQuietFile(path: string, stat: BigIntStats): boolean {
    if (!OWN_FILE_SYSTEMS.has(statfsSync(path).type)) return false;
    // A file without a name may be the recorder's copy of one of /proc, which is made anew when it is read (`proc-views.ts`).
    if (stat.isFile() && stat.nlink === 0n) return false;
    this.#devices.add(stat.dev);
    return true;
  }

  /** A file is mapped that was not before: who writes to it is to be looked at, whichever of the descriptors that is. */
  mapped(): void {
    for (const { descriptors } of this.recording.tasks.values()) descriptors.quiet.clear();
  }
}

/** Whether a process has inherited something that hears of what is done to files. */
function hasListener(pid: number): boolean {
  return linksOf(pid).some((link) => /inotify|fanotify/.test(link));
}

/** Where the descriptors of a process lead. */
function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
}

/** The status flags of an open file, of `O` (proc_pid_fdinfo(5)). */
function statusOf(tid: number, fd: number): number {
  const info = readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1");
  return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8);
}

/** Whether the files that a process writes to may only have so many bytes (proc_pid_limits(5)). */
function limitsFiles(pid: number): boolean {
  return !/^Max file size\s+unlimited\s+unlimited/m.test(readFileSync(`/proc/${pid}/limits`, "latin1"));
}
