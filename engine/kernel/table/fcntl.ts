/**
 * The commands of fcntl.
 *
 * Sources: fcntl(2); linux/fcntl.h, asm-generic/fcntl.h; `fs/fcntl.c` of Linux 6.18.
 */
import { byCommand, out } from "../areas.ts";
import type { CallView } from "../call.ts";
import type { Entry } from "../entry.ts";
import { EINVAL } from "../errno.ts";
import { FLOCK } from "./sizes.ts";

/** F_SETLKW and F_OFD_SETLKW. */
const WAITING_COMMANDS = new Set([7, 38]);

/** Commands that write memory: F_GETLK, F_OFD_GETLK, F_GETOWN_EX, F_GETOWNER_UIDS, the RW_HINTs, F_GETDELEG. */
const WRITES = {
  5: out(2, FLOCK),
  36: out(2, FLOCK),
  16: out(2, 8),
  17: out(2, 8),
  1035: out(2, 8),
  1037: out(2, 8),
  1039: out(2, 16),
};

/**
 * Commands that write none: F_DUPFD to F_SETFL, F_SETLK(W), owners and signals, F_OFD_SETLK(W), leases, F_NOTIFY,
 * F_DUPFD_QUERY, F_CREATED_QUERY, F_CANCELLK, F_DUPFD_CLOEXEC, pipe sizes, seals, setting hints, F_SETDELEG.
 */
const SILENT = new Set([
  0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 15, 37, 38, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032, 1033, 1034,
  1036, 1038, 1040,
]);

/** A command from after this table was written is answered like on a kernel from before it. */
function answers(call: CallView): number | undefined {
  const command = call.int(1);
  return command in WRITES || SILENT.has(command) ? undefined : -EINVAL;
}

/** fcntl: F_DUPFD and F_DUPFD_CLOEXEC are what changes descriptors. */
export const FCNTL: Entry = {
  blocks: (call) => WAITING_COMMANDS.has(call.int(1)),
  changesFds: true,
  writes: [byCommand(1, WRITES)],
  answers,
};
