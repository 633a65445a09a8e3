/**
 * What tickproof itself needs of its surroundings before it can say anything better: looked at first, since Bun crashes,
 * or fails anywhere, where threads, descriptors or address space run out. `runner/bun` looks at what Bun does not start
 * without.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";

/** Descriptors that a recording of a small program takes, and some more. */
const MIN_FILES = 16;
/** Bytes of address space below which Bun has no just-in-time compiler, without which nothing here works. */
const MIN_ADDRESS_SPACE = 3_000_000_000;
/** Threads that Bun starts, with the tracee and some room. */
const MIN_THREADS = 24;
/** Counting the user's threads takes a while: only where the limit can be near. */
const NEAR_THREADS = 1000;
const LIMITS = "/proc/self/limits";

/** Soft limit of a line of /proc/self/limits (proc_pid_limits(5)). */
function limitOf(limits: string, name: string): number {
  const found = new RegExp(`^${name} +(\\S+)`, "m").exec(limits)?.[1];
  return found === undefined || found === "unlimited" ? Number.POSITIVE_INFINITY : Number(found);
}

/** The threads that the user of this process has already. */
function threadsOf(user: number): number {
  let count = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    if (statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid !== user) continue;
    try {
      count += readdirSync(`/proc/${pid}/task`).length;
    } catch {
      count++; // gone meanwhile, or not to be looked into
    }
  }
  return count;
}

/**
 * What is missing for tickproof to run here.
 *
 * @returns What, where and how to mend it; undefined if nothing is.
 */
export function missingHere(): string | undefined {
  let limits: string;
  try {
    limits = readFileSync(LIMITS, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `there is no /proc here (${reason}): mount it ('mount -t proc proc /proc'), in a chroot or namespace too`;
  }
  const files = limitOf(limits, "Max open files");
  if (files < MIN_FILES) {
    return `only ${files} files may be open (${LIMITS}), and recording takes ${MIN_FILES}: raise the limit (ulimit -n 1024)`;
  }
  const space = limitOf(limits, "Max address space");
  if (space < MIN_ADDRESS_SPACE) {
    return `only ${space} bytes of address space are allowed (${LIMITS}), and Bun takes ${MIN_ADDRESS_SPACE}: lift the limit (ulimit -v unlimited), and limit memory by a cgroup`;
  }
  const threads = limitOf(limits, "Max processes");
  const user = process.getuid?.() ?? 0;
  // The superuser is not limited.
  if (user === 0 || threads > NEAR_THREADS) return undefined;
  const taken = threadsOf(user);
  if (threads - taken >= MIN_THREADS) return undefined;
  return `user ${user} may have ${threads} processes and threads (${LIMITS}) and has ${taken}, and recording takes ${MIN_THREADS} more: raise the limit (ulimit -u) or end some`;
}
