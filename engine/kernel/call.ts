/**
 * What the table of system calls needs to see of a call, and what it says of one: the types of this folder.
 */
import type { Amount } from "./amounts.ts";
import type { Area } from "./areas.ts";
import type { Condition } from "./conditions.ts";
import type { ContentChange, DescriptorChange, FileChange, OpenedPath, PathArgument } from "./files.ts";

/**
 * What the recorder and the replayer do with a system call:
 * - `record`: runs natively while recording, answered from the trace in replay,
 * - `memory`: changes the address space, so that replay does it for real,
 * - `task`: makes, replaces or ends a task, or returns from a signal: engine code,
 * - `absent`: answered with `-errno` without running, as a kernel without it would.
 */
export type Handling = "record" | "memory" | "task" | "absent";

/** What a call that changes the address space does to it: replay does the same, and keeps the same picture. */
export type MemoryWay =
  | "map"
  | "attach"
  | "detach"
  | "unmap"
  | "protect"
  | "move"
  | "remapFile"
  | "advise"
  /** The same, of all pieces that a list in memory says. */
  | "advisePieces"
  /** A page by whose address something is named. */
  | "page"
  /** A segment of the process's own. */
  | "segment"
  | "break"
  /** What is locked becomes the process's own copy, which does not follow its file any more. */
  | "lock"
  | "lockAll"
  /** The limit of the stack: it may grow further, or no more. */
  | "limit";

/** What a call does to the task that makes it. */
export type TaskWay = "birth" | "exec" | "exit" | "exitGroup" | "sigreturn";

/** Everything that the engine knows of one system call. */
export interface SyscallSpec {
  readonly name: string;
  readonly number: number;
  readonly handling: Handling;
  /** What it does to the address space; set for all that are handled as `memory`. */
  readonly memory?: MemoryWay;
  /** What it does to its task; set for all that are handled as `task`. */
  readonly task?: TaskWay;
  /** Error number to answer with where `handling` is `absent`. */
  readonly errno?: number;
  /** Why it is absent, as a sentence for the user. */
  readonly reason?: string;
  /** Who does it in the kernel's place, as a clause for the user. */
  readonly doneBy?: string;
  /** Whether it may sleep for long, so that other tasks have to run meanwhile. */
  readonly blocks: Condition;
  /** For calls that may sleep, but hardly ever do: of any descriptor, or of files (not pipes, terminals, sockets). */
  readonly seldomSleeps?: "ever" | "forFiles";
  /** Whether it may end the sleep of another task, once it has ended itself. To be asked at exit. */
  readonly wakes: Condition;
  /** What ends its sleep, if it sleeps. @default anything */
  readonly sleepsFor?: "wakes of futexes" | "no call by a descriptor";
  /** Whether it may change whether calls by a descriptor wait, and for how much. */
  readonly changesWaiting: Condition;
  /** What it does to descriptors of which something may be known already; missing where it leaves them as they are. */
  readonly descriptors?: DescriptorChange;
  /** Whether it makes something that hears of what is done to files, or asks for that. */
  readonly listens: Condition;
  /** Whether it may limit the length of files: a write may bring a signal from then on. */
  readonly limitsFiles: Condition;
  /** Whether its process may have other rights afterwards: another user, fewer capabilities, another root or namespace. */
  readonly changesRights: boolean;
  /** Whether it may lock or lease a file: the close of a descriptor may wake somebody from then on. */
  readonly locksFiles: Condition;
  /** Memory that the kernel may have written if the call succeeded. */
  readonly writes: readonly Area[];
  /** Memory that the kernel may have written even if the call failed. */
  readonly writesAlways: readonly Area[];
  /** For calls that may write what nobody knows at an argument: memory there is compared. */
  readonly compared?: { readonly at: number; readonly when: Condition };
  /** For calls that send the program's bytes to a descriptor: which argument it is, and the bytes. */
  readonly sends?: { readonly fd: number; readonly from: Area };
  /** For calls that send a signal: its number. */
  readonly signal?: Amount;
  /** Whether one of its requests sends a signal. */
  readonly signalsByRequest?: boolean;
  /** For calls that wait with another signal mask: the address of that. */
  readonly waitingMask?: Amount;
  /** Whether it waits for several descriptors at once, and takes from what is ready what it reports. */
  readonly waitsForMany: boolean;
  /** For calls that read from a descriptor: which argument it is, and which the offset, if not its position. */
  readonly reads?: { readonly fd: number; readonly offset?: number };
  /** For calls whose result is a descriptor of a file that they have opened. */
  readonly opens?: OpenedPath;
  /** For calls that look at a file by its path. */
  readonly looksAt?: PathArgument;
  /** What it changes in the contents of files: the first whose condition holds at exit. */
  readonly contents: readonly ContentChange[];
  /**
   * The files, names and attributes that it would change: what `--deny write` is about. `unknown` for a call of which
   * nobody has said it, which is denied.
   */
  readonly changes: readonly FileChange[] | "unknown";
  /** Whether it brings the program a way to a network. */
  readonly opensNetwork: Condition;
  /** For calls that move bytes between descriptors: which argument is the destination. */
  readonly moves?: number;
  /** Calls that are answered with an error instead of being run: the first answer whose condition holds. */
  readonly answers: readonly Answer[];
  /**
   * Calls that cannot be recorded if they succeed: the first refusal whose condition holds. One that fails has done
   * nothing that its error does not say, and is recorded like any other.
   */
  readonly refuses: readonly Refusal[];
}

/** An error that a call is answered with, as by a kernel without what it asks for. */
export interface Answer {
  readonly when: Condition;
  readonly errno: number;
  /** Why, as a clause for the user. */
  readonly reason: string;
}

/** A call that ends the recording if it succeeds. */
export interface Refusal {
  readonly when: Condition;
  /** Why, as a clause for the user; `{2}` stands for the low 32 bits of argument 2, in hexadecimal. */
  readonly reason: string;
}
