/**
 * Files of /proc that would tell a program of the engine: it reads what it would read natively. A descriptor of such a file
 * is exchanged for one of a copy when it is opened, and the copy is made anew whenever it is read from its beginning.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { AT_FDCWD, close, ftruncate, MFD, O, open, pwrite, SYSCALLS } from "../../../ffi/mod.ts";
import { readProcFile } from "../../proc-file.ts";
import type { Call } from "../call.ts";
import { filteredMaps } from "../maps-filter.ts";
import { visiblePersonality } from "../personality.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import { visibleCpuinfo, visibleStat, visibleStatus } from "../task-view.ts";
import { position, saidOffset } from "./file-changes.ts";
import { identityOf } from "./identity.ts";
import type { FileMonitor } from "./monitor.ts";

const OF_TASK = /^\/proc\/(\d+)(?:\/task\/(\d+))?\/(maps|smaps|status|stat|personality)$/;
const CPUINFO = "/proc/cpuinfo";
/** Of fcntl (asm-generic/fcntl.h). */
const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** Copies that are kept in mind; of a program that opens more, older ones keep what they show. */
const MOST_COPIES = 1024;

/** What a copy is of: where the kernel's text is, and how the program sees it. */
interface View {
  readonly source: string;
  readonly visible: (text: string) => string;
}

function textOf({ source, visible }: View): Buffer | undefined {
  const text = readProcFile(source);
  return text === undefined ? undefined : Buffer.from(visible(text), "latin1");
}

/** Gives the program the copies, and keeps them up to date. */
export class ProcViews implements FileMonitor {
  /** What programs have copies of, by identity of the copy. */
  private readonly copies = new Map<string, View>();

  constructor(private readonly recording: Recording) {}

  /** After a call that succeeded: gives the program a copy, if it has opened what would tell of the engine. */
  succeeds(task: RecordedTask, call: Call): void {
    if (!call.spec?.opens) return;
    const path = readlinkSync(`/proc/${task.tid}/fd/${call.result}`);
    const view = this.view(task, path);
    if (view === undefined) return;
    const text = textOf(view);
    if (text === undefined) return;
    const identity = this.exchange(task, call.result, path.slice(path.lastIndexOf("/") + 1), text);
    if (identity !== undefined) this.keep(identity, view);
  }

  /** Before a call runs: what is read from the beginning is as it is now. */
  enters(task: RecordedTask, call: Call): void {
    const reads = call.spec?.reads;
    if (this.copies.size === 0 || !reads) return;
    const fd = call.int(reads.fd);
    const view = this.copies.get(task.descriptors.file(task.tid, fd)?.key ?? "");
    if (view === undefined) return;
    if ((saidOffset(call, reads.offset) ?? position(task.tid, fd)) !== 0) return;
    const text = textOf(view);
    // Of a task that is gone the copy tells as it was.
    if (text === undefined) return;
    const copy = open(`/proc/${task.tid}/fd/${fd}`, O.RDWR);
    ftruncate(copy, text.length);
    pwrite(copy, text, 0);
    close(copy);
  }

  private keep(identity: string, view: View): void {
    this.copies.set(identity, view);
    if (this.copies.size <= MOST_COPIES) return;
    const [oldest = ""] = this.copies.keys();
    this.copies.delete(oldest);
  }

  /** What a task reads at a path; undefined for what is the kernel's to tell. */
  private view(reader: RecordedTask, path: string): View | undefined {
    const visible = path === CPUINFO ? visibleCpuinfo : this.ofTask(reader, path);
    // In another namespace of ids the path, and the ids in the text, are those of what is mounted there.
    const source = reader.pidPlace === undefined ? path : `/proc/${reader.tid}/root${path}`;
    return visible && { source, visible };
  }

  private ofTask(reader: RecordedTask, path: string): View["visible"] | undefined {
    const [, process, thread, file] = OF_TASK.exec(path) ?? [];
    const task = file && this.recording.pids.find(reader, Number(thread ?? process));
    if (!task) return undefined;
    switch (file) {
      case "status":
        return (text) => visibleStatus(text, task, this.recording.binding.all);
      case "stat":
        return (text) => visibleStat(text, task);
      case "personality":
        return (text) => visiblePersonality(text, task);
      default:
        return (text) => filteredMaps(text, task.space);
    }
  }

  /**
   * Lets a descriptor of the program be one of a file in memory, which is the program's own: it may have no right to what
   * the recorder has.
   *
   * @returns Which file that is; undefined if the program had no room for another descriptor.
   */
  private exchange(task: RecordedTask, fd: number, name: string, text: Uint8Array): string | undefined {
    const { tracer } = this.recording;
    const { cacheSpace } = task.space;
    const call = (number: number, ...args: number[]): number => tracer.inject(task, number, ...args);
    const scratch = (words: string): number => tracer.mapper.scratchString(cacheSpace, words);
    const info = readFileSync(`/proc/${task.tid}/fdinfo/${fd}`, "latin1");
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8) & O.CLOEXEC;
    const made = call(SYSCALLS.memfd_create, scratch(name), MFD.CLOEXEC);
    if (made < 0) return undefined;
    const copy = open(`/proc/${task.tid}/fd/${made}`, O.RDWR);
    pwrite(copy, text, 0);
    close(copy);
    const identity = identityOf(task.tid, made);
    // Its place is free then, if no other one is.
    call(SYSCALLS.close, fd);
    const opened = call(
      SYSCALLS.openat,
      AT_FDCWD,
      scratch(`/proc/thread-self/fd/${made}`),
      O.RDONLY | O.CLOEXEC,
      0,
    );
    // Where a program has no /proc any more, it may write to what it has of it.
    const read = opened < 0 ? made : opened;
    // Under the same number it would keep the wrong flag.
    if (read === fd) call(SYSCALLS.fcntl, fd, F_SETFD, flags === 0 ? 0 : FD_CLOEXEC);
    else {
      call(SYSCALLS.dup3, read, fd, flags);
      call(SYSCALLS.close, read);
    }
    if (read !== made) call(SYSCALLS.close, made);
    task.descriptors.forget(fd);
    return identity;
  }
}
