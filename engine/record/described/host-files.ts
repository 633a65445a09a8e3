/**
 * Files of /proc and /sys that tell of the host: the program gets those of the described one.
 *
 * A call that names such a file is given another path for the kernel's eyes: that of a copy in memory, or, where the
 * described host has none, of nothing. Folders are copied into one that is there while the recording lasts.
 */
import { mkdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path/posix";
import { AT_FDCWD, close, memfdCreate, pwrite, SYSCALLS } from "../../../ffi/mod.ts";
import type { HostModel } from "../../host/model-api.ts";
import type { ArgumentRegister, Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";

/** Where a call has its path: in which argument, and which one is the folder that it is relative to. */
interface PathArgument {
  path: number;
  folder?: number;
}

const PATHS: ReadonlyMap<number, PathArgument> = new Map<number, PathArgument>([
  [SYSCALLS.open, { path: 0 }],
  [SYSCALLS.stat, { path: 0 }],
  [SYSCALLS.access, { path: 0 }],
  [SYSCALLS.openat, { path: 1, folder: 0 }],
  [SYSCALLS.openat2, { path: 1, folder: 0 }],
  [SYSCALLS.newfstatat, { path: 1, folder: 0 }],
  [SYSCALLS.statx, { path: 1, folder: 0 }],
  [SYSCALLS.faccessat, { path: 1, folder: 0 }],
  [SYSCALLS.faccessat2, { path: 1, folder: 0 }],
]);
const REGISTERS: readonly ArgumentRegister[] = ["rdi", "rsi"];

/** What a host is asked of by files: elsewhere, only the live one can answer. */
const TELLING = /^\/(proc|sys)\//;
/** What the described host alone has, or has not. */
const OWNED =
  /^\/(proc\/sys\/kernel\/perf_|sys\/bus\/event_source(\/|$)|sys\/devices\/(cpu|cpu_core|cpu_atom)(\/|$))/;
/** A path at which nothing ever is. */
const NOTHING = "/proc/0";

/** See the file's head. */
export class HostFiles implements Disposable {
  /** Copies that calls in progress are given, by task. */
  private readonly lent = new Map<number, number>();

  /**
   * @param folder Where copies of folders go; made when it is needed.
   */
  constructor(
    private readonly recording: Recording,
    private readonly model: HostModel,
    private readonly folder: string,
  ) {}

  /** Before a call runs: names the copy in place of the file. */
  redirect(task: RecordedTask, call: Call): void {
    const where = PATHS.get(call.number);
    if (!where) return;
    const named = pathOf(task, call, where);
    const path = named.startsWith(`${this.folder}/`) ? named.slice(this.folder.length) : named;
    if (!TELLING.test(path)) return;
    const target = this.copy(task, path);
    if (target === undefined) return;
    const { image } = task.space;
    call.change(task, REGISTERS[where.path]!, this.recording.tracer.mapper.scratchString(image, target));
  }

  /** Path of what stands for a file or a folder; undefined where that is the live host's business. */
  private copy(task: RecordedTask, path: string): string | undefined {
    const text = this.model.readFile(path);
    if (text !== undefined) {
      const copy = memfdCreate(path.slice(path.lastIndexOf("/") + 1));
      pwrite(copy, Buffer.from(text), 0);
      this.lent.set(task.tid, copy);
      return `/proc/${process.pid}/fd/${copy}`;
    }
    if (!OWNED.test(path)) return undefined;
    return this.model.readDirectory(path) === undefined ? NOTHING : this.copyFolder(path);
  }

  private copyFolder(path: string): string {
    const target = join(this.folder, path);
    mkdirSync(target, { recursive: true });
    for (const name of this.model.readDirectory(path) ?? []) {
      const child = join(path, name);
      if (this.model.readDirectory(child) === undefined) {
        writeFileSync(join(this.folder, child), this.model.readFile(child) ?? "");
      } else {
        this.copyFolder(child);
      }
    }
    return target;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** After the call. */
  takeBack(task: RecordedTask): void {
    const copy = this.lent.get(task.tid);
    if (copy === undefined) return;
    this.lent.delete(task.tid);
    close(copy);
  }
}

/** The absolute path that a call names, as far as the names alone tell; "" where it can't be told. */
function pathOf(task: RecordedTask, call: Call, { path, folder }: PathArgument): string {
  const given = call.string(call.argument(path));
  if (given.startsWith("/") || given === "") return given && resolve(given);
  const from = folder === undefined ? AT_FDCWD : call.int(folder);
  try {
    return resolve(readlinkSync(`/proc/${task.tid}/${from === AT_FDCWD ? "cwd" : `fd/${from}`}`), given);
  } catch (error) {
    // No such descriptor: the call itself will fail.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
