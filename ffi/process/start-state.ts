/**
 * What this process has inherited, for a program that is to find it as its shell would have given it. Bun changes some of
 * that at its start: it marks descriptors from 4 on to be closed by an execve, opens /dev/null where a standard stream is
 * closed, ignores two signals, and raises the limit of open files. `runner/bun` notes them before, in a variable that
 * names its process; without it, what can be told afterwards has to do.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { retry, SIG, SIG_HOW, SIGSET_SIZE, SYSCALLS, signalBit, unwrap } from "../kernel/mod.ts";
import { scratch } from "../memory/mod.ts";

/** The variable, which no program gets to see. */
const START_VARIABLE = "TICKPROOF_START";

/** The variable that names another one, which `runner/bun` has set for Bun alone. */
const TUNED_VARIABLE = "TICKPROOF_TUNED";

/** Whether a variable was set by `runner/bun`, for this process alone. */
export function isLaunchers(name: string): boolean {
  return name === START_VARIABLE || name === TUNED_VARIABLE || name === process.env[TUNED_VARIABLE];
}

/**
 * What this process has inherited: descriptors, ignored signals, limits, in the words of `runner/bun` where it has
 * noted them.
 */
export interface StartState {
  /** Open descriptors. */
  descriptors: ReadonlySet<number>;
  /** Blocked signals: bit signal - 1. */
  mask: bigint;
  /** Ignored ones among those that Bun ignores itself; the default is the better guess where nobody has noted them. */
  ignored: bigint;
  /** Soft limit of open files; undefined to leave it as it is. */
  openFiles: number | undefined;
}

/** Signals that Bun ignores at its start. */
const IGNORED_BY_BUN = signalBit(SIG.SIGPIPE) | signalBit(SIG.SIGXFSZ);

let known: StartState | undefined;

/** What was inherited. To be asked first before anything is opened that stays open. */
export function startState(): StartState {
  known ??= { ...noted(process.env[START_VARIABLE]), mask: blockedSignals() };
  return known;
}

/** What the launcher has noted: "PID LIMIT IGNORED DESCRIPTOR…". */
function noted(text: string | undefined): Omit<StartState, "mask"> {
  const [pid, limit = "", ignored = "", ...descriptors] = (text ?? "").split(" ");
  // The variable may have come from another tickproof, further up.
  if (Number(pid) !== process.pid || !/^\d+$/.test(ignored)) {
    return { descriptors: guessedDescriptors(), ignored: 0n, openFiles: undefined };
  }
  return {
    descriptors: new Set(descriptors.filter((word) => /^\d+$/.test(word)).map(Number)),
    ignored: BigInt(ignored) & IGNORED_BY_BUN,
    openFiles: /^\d+$/.test(limit) ? Number(limit) : undefined,
  };
}

/** Descriptors that are not of the kind that Bun makes for itself. */
function guessedDescriptors(): Set<number> {
  const found = new Set([0, 1, 2]);
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      if (!readlinkSync(`/proc/self/fd/${name}`).startsWith("anon_inode:")) found.add(Number(name));
    } catch (error) {
      // That of the listing itself.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return found;
}

function blockedSignals(): bigint {
  unwrap("rt_sigprocmask", retry(SYSCALLS.rt_sigprocmask, SIG_HOW.BLOCK, 0, scratch.address, SIGSET_SIZE));
  return scratch.u64[0]!;
}
