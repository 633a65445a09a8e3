/**
 * What a program under record may not do: reach a network, or change files. What is denied is answered with EACCES
 * instead of being asked of the kernel, so that the trace has it as any other result.
 *
 * What counts is what a call would do, not whether it would succeed; where it can't be told for certain which file a
 * call is about (another root or mount namespace, a path that is no UTF-8), it is refused. Descriptors that the program
 * was started with stay usable. One task runs at a time, so that no other can change a path between the look at it and
 * the kernel's; a call that the kernel starts again is looked at again.
 */
import { realpathSync } from "node:fs";
import { ERRNO } from "../../../ffi/mod.ts";
import { type CallView, changesOf, holds, type SyscallSpec } from "../../kernel/mod.ts";
import type { Call } from "../call.ts";
import type { Answer, Interceptor } from "../interceptor.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { descriptorPath, resolvePath, sharesView, type Viewer } from "./resolve-path.ts";

/** Things to deny: any network; all changes of files; those of files outside of the program's working folder. */
export const DENIALS = ["net", "write", "write-outside"] as const;

/** One of {@link DENIALS}. */
export type Denial = (typeof DENIALS)[number];

/** Files that may be opened for writing wherever the program may write: nothing that is kept changes by it. */
const SINKS: ReadonlySet<string> = new Set(["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"]);

/** Answers calls that are denied with EACCES, and tells which may not be answered by the buffer's stub. */
export class Deny implements Interceptor {
  private readonly net: boolean;
  private readonly writes: boolean;
  /** Folder below which files may be changed; undefined for nowhere. */
  private readonly folder: string | undefined;

  /**
   * @param denials What is denied.
   * @param folder The program's working folder at its start.
   */
  constructor(denials: readonly Denial[], folder: string) {
    this.net = denials.includes("net");
    this.writes = denials.includes("write") || denials.includes("write-outside");
    this.folder = denials.includes("write") ? undefined : realpathSync(folder);
  }

  answers(task: RecordedTask, call: Call): Answer | undefined {
    return this.mustAnswer(task, call) ? () => -ERRNO.EACCES : undefined;
  }

  mustAnswer({ tid, process }: RecordedTask, call: Call): boolean {
    const { spec } = call;
    // A call that is not in the table is answered as by a kernel without it.
    if (!spec) return false;
    if (this.net && holds(spec.opensNetwork, call)) return true;
    return this.writes && this.changesDenied({ tid, pid: process.pid }, spec, call);
  }

  private changesDenied(viewer: Viewer, spec: SyscallSpec, call: CallView): boolean {
    const changes = changesOf(spec, call);
    if (changes.length === 0) return false;
    if (!sharesView(viewer.tid)) return true;
    return changes.some((change) => {
      if (change.kind === "descriptor") return !this.mayChange(descriptorPath(viewer, change.fd));
      if (change.kind === "unknown") return true;
      const path = resolvePath(viewer, change.fd, change.path, change.last);
      if (change.opens && path !== undefined && SINKS.has(path)) return false;
      return !this.mayChange(path);
    });
  }

  /** Whether a file may be changed; one without a name lives no longer than the program. */
  private mayChange(path: string | undefined): boolean {
    if (path === undefined) return false;
    if (path === "") return true;
    const { folder } = this;
    if (folder === undefined) return false;
    return folder === "/" || path.startsWith(`${folder}/`);
  }
}
