/**
 * The table of system calls: all topics in one, as finished specs.
 */
import { SYSCALLS, type SyscallName } from "../../../ffi/mod.ts";
import type { SyscallSpec } from "../call.ts";
import type { Entry, Table } from "../entry.ts";
import { FILES } from "./files.ts";
import { FUTEX } from "./futex.ts";
import { IPC } from "./ipc.ts";
import { MEMORY } from "./memory.ts";
import { NETWORK } from "./network.ts";
import { PROCESSES } from "./processes.ts";
import { SIGNALS } from "./signals.ts";
import { SYSTEM } from "./system.ts";
import { TIME } from "./time.ts";
import { WAITING } from "./waiting.ts";

const TOPICS: readonly Table[] = [
  FILES,
  WAITING,
  NETWORK,
  PROCESSES,
  SIGNALS,
  TIME,
  MEMORY,
  FUTEX,
  IPC,
  SYSTEM,
];

const DEFAULTS = {
  handling: "record",
  blocks: false,
  wakes: true,
  listens: false,
  limitsFiles: false,
  changesWaiting: false,
  changesRights: false,
  locksFiles: false,
  waitsForMany: false,
  contents: [],
  changes: "unknown",
  opensNetwork: false,
  writes: [],
  writesAlways: [],
  answers: [],
  refuses: [],
} as const;

/** The entry of `name`, which has to be in exactly one topic. */
function entryOf(name: SyscallName): Entry {
  const found = TOPICS.flatMap((topic) => topic[name] ?? []);
  if (found.length !== 1) {
    throw new Error(`System call '${name}' must be in one topic of the table: found it in ${found.length}`);
  }
  return found[0]!;
}

/** Specs by number; holes where the kernel has no such call. */
export const SPECS: readonly (SyscallSpec | undefined)[] = (Object.keys(SYSCALLS) as SyscallName[]).reduce<
  (SyscallSpec | undefined)[]
>((specs, name) => {
  specs[SYSCALLS[name]] = { ...DEFAULTS, ...entryOf(name), name, number: SYSCALLS[name] };
  return specs;
}, []);
