/**
 * System calls on the machine and the kernel as a whole, and those that no longer exist.
 *
 * Sources: section 2 of the manual pages; `kernel/sys_ni.c` of Linux 6.18.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { field, int } from "../amounts.ts";
import { filled, out } from "../areas.ts";
import { every, oneOf } from "../conditions.ts";
import { absent, all, calm, changesNothing, memory, plain, type Table } from "../entry.ts";
import { untold } from "../files.ts";
import { BPF_CALL } from "./bpf.ts";
import { PERF_EVENT_OPEN } from "./perf.ts";
import { SYSINFO, UTSNAME } from "./sizes.ts";

/** What becomes of asynchronous I/O. */
const AT_ONCE = "the recorder does it, each request at once by an ordinary call";

const ENDS_ALL = "it would end the recorder too";

/** What reboot(2) is called with, as signed numbers, and the commands after which nothing runs (linux/reboot.h). */
const REBOOT = {
  MAGIC1: 0xfee1dead | 0,
  MAGIC2: [672274793, 85072278, 369367448, 537993216],
  ENDS_ALL: [0x01234567, 0xcdef0123 | 0, 0x4321fedc, 0xa1b2c3d4 | 0, 0xd000fce2 | 0, 0x45584543],
} as const;

export const SYSTEM: Table = changesNothing({
  ...calm({
    uname: { writes: [out(0, UTSNAME)] },
    sysinfo: { writes: [out(0, SYSINFO)] },
    getrandom: { writes: [filled(0, 1)] },
  }),
  syslog: { writes: [filled(1, 2)] },
  perf_event_open: PERF_EVENT_OPEN,

  ...all(
    ["io_uring_setup", "io_uring_enter", "io_uring_register"],
    absent(ERRNO.ENOSYS, "its rings are memory that the kernel writes at any time"),
  ),
  // These are done by the recorder (`record/aio/`), which knows what is written besides.
  io_setup: { ...memory("page"), doneBy: AT_ONCE, writes: [out(1, 8)] },
  ...all(["io_destroy", "io_submit", "io_cancel"], { doneBy: AT_ONCE }),
  io_getevents: { doneBy: AT_ONCE, blocks: true },
  io_pgetevents: { doneBy: AT_ONCE, blocks: true, waitingMask: field(5, 0, 64) },
  ...all(["uretprobe", "uprobe"], absent(ERRNO.ENOSYS, "only the kernel's own probes call it")),
  ...all(
    [
      "_sysctl",
      "afs_syscall",
      "create_module",
      "epoll_ctl_old",
      "epoll_wait_old",
      "get_kernel_syms",
      "getpmsg",
      "lookup_dcookie",
      "nfsservctl",
      "putpmsg",
      "query_module",
      "security",
      "tuxcall",
      "uselib",
      "vserver",
    ],
    absent(ERRNO.ENOSYS, "no longer a system call of Linux"),
  ),
  bpf: BPF_CALL,
  reboot: {
    answers: [
      {
        when: every(
          oneOf(int(0), [REBOOT.MAGIC1]),
          oneOf(int(1), REBOOT.MAGIC2),
          oneOf(int(2), REBOOT.ENDS_ALL),
        ),
        errno: ERRNO.EPERM,
        reason: ENDS_ALL,
      },
    ],
  },
  ...all(["delete_module", "finit_module", "init_module"], { changes: [untold()] }),
  // What is read from ports can't be recorded: whoever asks for them is told EPERM (`record/off-limits.ts`). A kernel that
  // is loaded runs after a reboot only.
  ...plain("setdomainname", "sethostname", "iopl", "ioperm", "kexec_load", "kexec_file_load"),
});
