/**
 * System calls on the machine and the kernel as a whole, and those that no longer exist.
 *
 * Sources: section 2 of the manual pages; `kernel/sys_ni.c` of Linux 6.18.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { filled, out } from "../areas.ts";
import { absent, all, calm, changesNothing, plain, type Table, unsupported } from "../entry.ts";
import { untold } from "../files.ts";
import { PERF_EVENT_OPEN } from "./perf.ts";
import { SYSINFO, UTSNAME } from "./sizes.ts";

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
  ...all(
    ["io_setup", "io_destroy", "io_getevents", "io_pgetevents", "io_submit", "io_cancel"],
    absent(ERRNO.ENOSYS, "it reads into the program's memory at any time"),
  ),
  ...all(["iopl", "ioperm"], absent(ERRNO.EPERM, "what is read from ports cannot be recorded")),
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
  bpf: unsupported("programs within the kernel (bpf), which share memory with this one"),
  ...all(["kexec_load", "kexec_file_load", "reboot"], unsupported("it would end the recorder too")),
  ...all(["delete_module", "finit_module", "init_module"], { changes: [untold()] }),
  ...plain("setdomainname", "sethostname"),
});
