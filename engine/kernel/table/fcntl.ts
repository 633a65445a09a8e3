/**
 * The commands of fcntl.
 *
 * Sources: fcntl(2); linux/fcntl.h, asm-generic/fcntl.h; `fs/fcntl.c` of Linux 6.18.
 */
import { ERRNO, O } from "../../../ffi/mod.ts";
import { int } from "../amounts.ts";
import { byCommand, out } from "../areas.ts";
import { bits, every, not, oneOf, some } from "../conditions.ts";
import type { Entry } from "../entry.ts";
import { FLOCK } from "./sizes.ts";

/** F_SETLKW and F_OFD_SETLKW. */
const WAITING_COMMANDS = [7, 38];

/** Commands that write memory, and what. */
const WRITES = {
  5: out(2, FLOCK), // F_GETLK
  36: out(2, FLOCK), // F_OFD_GETLK
  16: out(2, 8), // F_GETOWN_EX
  17: out(2, 8), // F_GETOWNER_UIDS
  1035: out(2, 8), // F_GET_RW_HINT
  1037: out(2, 8), // F_GET_FILE_RW_HINT
  1039: out(2, 16), // F_GETDELEG
};

/** Commands that write no memory. */
const SILENT = {
  F_DUPFD: 0,
  F_GETFD: 1,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  F_SETLK: 6,
  F_SETLKW: 7,
  F_SETOWN: 8,
  F_GETOWN: 9,
  F_SETSIG: 10,
  F_GETSIG: 11,
  F_SETOWN_EX: 15,
  F_OFD_SETLK: 37,
  F_OFD_SETLKW: 38,
  F_SETLEASE: 1024,
  F_GETLEASE: 1025,
  F_NOTIFY: 1026,
  F_DUPFD_QUERY: 1027,
  F_CREATED_QUERY: 1028,
  F_CANCELLK: 1029,
  F_DUPFD_CLOEXEC: 1030,
  F_SETPIPE_SZ: 1031,
  F_GETPIPE_SZ: 1032,
  F_ADD_SEALS: 1033,
  F_GET_SEALS: 1034,
  F_SET_RW_HINT: 1036,
  F_SET_FILE_RW_HINT: 1038,
  F_SETDELEG: 1040,
} as const;

const KNOWN = [...Object.keys(WRITES).map(Number), ...Object.values(SILENT)];

/** F_DUPFD and F_DUPFD_CLOEXEC, by which descriptors are put out of the way rather than used. */
const GIVES = [SILENT.F_DUPFD, SILENT.F_DUPFD_CLOEXEC];

/** Commands that lock a file, or have its opening by others announced. */
const LOCKS = [
  SILENT.F_SETLK,
  SILENT.F_SETLKW,
  SILENT.F_OFD_SETLK,
  SILENT.F_OFD_SETLKW,
  SILENT.F_SETLEASE,
  SILENT.F_SETDELEG,
];

/** fcntl, by its commands. */
export const FCNTL: Entry = {
  blocks: oneOf(int(1), WAITING_COMMANDS),
  descriptors: { kind: "given", usedNext: false, when: oneOf(int(1), GIVES) },
  // With O_ASYNC whoever owns the descriptor gets a signal for what is done at its other end.
  listens: some(
    oneOf(int(1), [SILENT.F_NOTIFY]),
    every(oneOf(int(1), [SILENT.F_SETFL]), bits(int(2), O.ASYNC)),
  ),
  changesWaiting: oneOf(int(1), [SILENT.F_SETFL]),
  locksFiles: oneOf(int(1), LOCKS),
  changes: [],
  writes: [byCommand(1, WRITES)],
  answers: [
    {
      when: not(oneOf(int(1), KNOWN)),
      errno: ERRNO.EINVAL,
      reason: "a command from after this table was written, as on a kernel from before it",
    },
  ],
};
