/**
 * Files of /proc and /sys that tell of the host: the program gets those of the described one.
 *
 * A call that names such a file is given another path for the kernel's eyes: that of a copy in memory, or, where the
 * described host has none, of nothing. Folders are copied into one that is there while the recording lasts.
 *
 * What a program writes to a setting of the described kernel goes to the model, whose answer is the call's.
 */
import { mkdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path/posix";
import { AT_FDCWD, close, ERRNO, ftruncate, memfdCreate, O, pwrite, SYSCALLS } from "../../../ffi/mod.ts";
import { isErrnoException } from "../../errno-exception.ts";
import type { HostModel } from "../../host/model-api.ts";
import { evaluate, type PathArgument } from "../../kernel/mod.ts";
import type { Call } from "../call.ts";
import { identityOf } from "../descriptors/identity.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import type { KernelLog } from "./kernel-log.ts";

/** What a host is asked of by files: elsewhere, only the live one can answer. */
const TELLING = /^\/(proc|sys)\/|^\/dev\/kmsg$/;
const LOG = "/dev/kmsg";
/** What the described host alone has, or has not. */
const OWNED =
  /^\/(proc\/(sys\/kernel\/perf_|cmdline$)|sys\/(bus\/event_source|devices\/(cpu|cpu_core|cpu_atom|cpu_lowpower)|class\/dmi|devices\/virtual\/dmi|hypervisor)(\/|$))/;
/** Longest text that is a setting's value. */
const SETTING_BYTES = 64;
/** A path at which nothing ever is. */
const NOTHING = "/proc/0";

/** Leads calls that name such a file to its copy. */
export class HostFiles implements Disposable {
  /** Copies that calls in progress are given, by task. */
  private readonly lent = new Map<number, number>();
  /** Copies of settings that programs have opened to write to, by identity. */
  private readonly settings = new Map<string, { readonly copy: number; readonly path: string }>();

  /**
   * @param folder Where copies of folders go; made when it is needed.
   */
  constructor(
    private readonly recording: Recording,
    private readonly model: HostModel,
    private readonly folder: string,
    private readonly log: KernelLog,
  ) {}

  /** How a call is answered that would write to a file of the host; undefined for one that is the kernel's. */
  answers(task: RecordedTask, call: Call): (() => number) | undefined {
    const where = pathArgument(call);
    if (where && opensToWrite(call)) {
      const path = this.described(pathOf(task, call, where));
      const refused = path !== undefined && this.model.readFile(path) !== undefined && !this.mayWrite(path);
      return refused ? () => -ERRNO.EACCES : undefined;
    }
    if (call.number !== SYSCALLS.write || this.settings.size === 0) return undefined;
    const setting = this.settings.get(identityOf(task.tid, call.int(0)) ?? "");
    return setting && (() => this.write(task, call, setting));
  }

  /** Settings are root's to write; whoever the program is, it is that here too. */
  private mayWrite(path: string): boolean {
    return (
      this.model.isSetting(path) &&
      (process.geteuid?.() === 0 || this.model.profile.kernel.privileged === true)
    );
  }

  private write(task: RecordedTask, call: Call, { copy, path }: { copy: number; path: string }): number {
    const length = Math.min(call.argument(2), SETTING_BYTES);
    const bytes = task.space.memory.read(call.argument(1), length);
    if (bytes.length < length) return -ERRNO.EFAULT;
    const result = this.model.writeFile(path, Buffer.from(bytes).toString("latin1"));
    if (result < 0) return result;
    const now = Buffer.from(this.model.readFile(path) ?? "");
    ftruncate(copy, now.length);
    pwrite(copy, now, 0);
    return length;
  }

  /** The path that is meant, of the host's own or of its copy; undefined where it is no file that tells of the host. */
  private described(named: string): string | undefined {
    const path = named.startsWith(`${this.folder}/`) ? named.slice(this.folder.length) : named;
    return TELLING.test(path) ? path : undefined;
  }

  /** Before a call runs: names the copy in place of the file. */
  redirect(task: RecordedTask, call: Call): void {
    const where = pathArgument(call);
    if (!where) return;
    const path = this.described(pathOf(task, call, where));
    if (path === undefined) return;
    const target = this.copy(task, path, opensToWrite(call));
    if (target === undefined) return;
    const { cacheSpace } = task.space;
    call.change(task, where.path, this.recording.tracer.mapper.scratchString(cacheSpace, target));
  }

  /** Path of what stands for a file or a folder; undefined where that is the live host's business. */
  private copy(task: RecordedTask, path: string, written: boolean): string | undefined {
    if (path === LOG) return written ? "/dev/null" : this.log.openRecords();
    const text = this.model.readFile(path);
    if (text !== undefined) {
      const copy = memfdCreate(path.slice(path.lastIndexOf("/") + 1));
      pwrite(copy, Buffer.from(text), 0);
      // A setting's copy is kept: what is written to it is known by that.
      if (written) this.settings.set(identityOf(process.pid, copy) ?? "", { copy, path });
      else this.lent.set(task.tid, copy);
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
    for (const { copy } of this.settings.values()) close(copy);
    this.settings.clear();
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

/** Whether an open asks to write. */
function opensToWrite(call: Call): boolean {
  const opens = call.spec?.opens;
  return opens !== undefined && (evaluate(opens.flags, call) & O.ACCMODE) !== O.RDONLY;
}

/** Where a call names a file that it opens or looks at. */
function pathArgument({ spec }: Call): PathArgument | undefined {
  return spec?.opens ?? spec?.looksAt;
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
    if (isErrnoException(error, "ENOENT")) return "";
    throw error;
  }
}
