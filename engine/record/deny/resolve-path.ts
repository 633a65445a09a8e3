/**
 * Where a path of the program leads, found as the kernel would find it: from its working directory or a descriptor,
 * through symbolic links, one component at a time. What can't be told for certain is undefined, so that whoever asks
 * can refuse it.
 */
import { readlinkSync, statfsSync } from "node:fs";
import { AT_FDCWD } from "../../../ffi/mod.ts";
import type { LastLink } from "../../kernel/mod.ts";

/** A task as /proc knows it. */
export interface Viewer {
  readonly tid: number;
  /** Its process. */
  readonly pid: number;
}

/** Most symbolic links on the way of one path (MAXSYMLINKS, linux/namei.h). */
const MAX_LINKS = 40;

/** Longest path with its NUL (PATH_MAX, linux/limits.h). */
const PATH_MAX = 4096;

/** What a link of /proc adds to the name of a file that has none any more (d_path, fs/d_path.c). */
const DELETED = " (deleted)";

/** What bytes that are no UTF-8 are read as: such a path can't be told from another. */
const UNREADABLE = "\uFFFD";

/** Type of the file systems whose links are the kernel's own (PROC_SUPER_MAGIC, linux/magic.h). */
const PROC_SUPER_MAGIC = 0x9fa0;

/** Where a link leads can't be told. */
class Uncertain extends Error {}

/** The text of a link, or undefined if there is no such link. @throws Uncertain */
function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // EINVAL: it is no link; the others: there is nothing behind here.
    if (code === "EINVAL" || code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Uncertain(`${path}: ${code}`, { cause: error });
  }
}

/** What is found out, or undefined where that is uncertain. */
function ifCertain<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof Uncertain) return undefined;
    throw error;
  }
}

/** Whether a task sees the same files by the same names as the recorder. */
export function sharesView(tid: number): boolean {
  const same = (link: string) => linkText(`/proc/${tid}/${link}`) === linkText(`/proc/self/${link}`);
  return ifCertain(() => same("root") && same("ns/mnt") && same("ns/pid")) ?? false;
}

/**
 * The file that a descriptor is of.
 *
 * @param fd A descriptor, or AT_FDCWD for the working directory.
 * @returns Its path; "" for what has none (a pipe, a socket, memory); undefined if that can't be told.
 */
export function descriptorPath({ tid }: Viewer, fd: number): string | undefined {
  return ifCertain(() => named(linkText(fd === AT_FDCWD ? `/proc/${tid}/cwd` : `/proc/${tid}/fd/${fd}`)));
}

/** What a link of /proc to an open file tells of it. A deleted one counts as in the folder that it was in. */
function named(text: string | undefined): string | undefined {
  if (text === undefined || text.includes(UNREADABLE)) return undefined;
  if (/^(pipe|socket|anon_inode):|^\/memfd:.* \(deleted\)$/s.test(text)) return "";
  if (!text.startsWith("/")) return undefined;
  return text.endsWith(DELETED) ? text.slice(0, -DELETED.length) : text;
}

/**
 * Resolves a path.
 *
 * @param viewer Whose path it is; one that {@link sharesView}.
 * @param fd What it is relative to: a descriptor, or AT_FDCWD.
 * @param path As the program gave it.
 * @param last What becomes of a link at its end.
 * @returns An absolute path without links, which need not exist; "" for an open file that has no name; undefined where
 *   it can't be told.
 */
export function resolvePath(viewer: Viewer, fd: number, path: string, last: LastLink): string | undefined {
  if (path === "" || path.includes(UNREADABLE) || Buffer.byteLength(path) >= PATH_MAX) return undefined;
  const start = path.startsWith("/") ? "/" : descriptorPath(viewer, fd);
  if (start === undefined || start === "") return undefined;
  // Behind a link, "/" and "/." make the kernel follow it.
  const keep = last === "keep" && !/\/\.?$/.test(path);
  return ifCertain(() => walk(viewer, start, components(path), keep));
}

function walk(viewer: Viewer, start: string, names: readonly string[], keep: boolean): string | undefined {
  const rest = [...names];
  let at = start;
  for (let links = 0; rest.length > 0; ) {
    const name = rest.shift() ?? "";
    if (name === "..") {
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 1));
      continue;
    }
    const next = at === "/" ? `/${name}` : `${at}/${name}`;
    if (keep && rest.length === 0) return next;
    const text = ownLink(viewer, next) ?? linkText(next);
    if (text === undefined) {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS || text.includes(UNREADABLE)) return undefined;
    const kernels = kernelsLink(next, at);
    if (kernels === "unknown") return undefined;
    if (kernels === "file") {
      const file = named(text);
      if (file === undefined || file === "") return rest.length === 0 ? file : undefined;
      at = file;
      continue;
    }
    if (text.startsWith("/")) at = "/";
    rest.unshift(...components(text));
  }
  return at;
}

/** The names in a path; a "." leads nowhere. */
function components(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Links of /proc that lead everybody to a place of his own. */
function ownLink({ tid, pid }: Viewer, path: string): string | undefined {
  if (path === "/proc/self") return String(pid);
  return path === "/proc/thread-self" ? `${pid}/task/${tid}` : undefined;
}

/**
 * Whether a link is one of /proc that leads to a file itself, whatever its text says. Those of other processes are
 * known only where these see the same files, and those of a /proc in another place are not.
 */
function kernelsLink(path: string, folder: string): "file" | "unknown" | undefined {
  if (statfsSync(folder).type !== PROC_SUPER_MAGIC) return undefined;
  if (!path.startsWith("/proc/")) return "unknown";
  const [, pid] =
    /^\/proc\/(\d+)\/(?:task\/\d+\/)?(?:cwd|root|exe|fd\/\d+|map_files\/[^/]+|ns\/[^/]+)$/.exec(path) ?? [];
  if (pid === undefined) return undefined;
  return sharesView(Number(pid)) ? "file" : "unknown";
}
