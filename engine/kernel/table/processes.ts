/**
 * System calls on processes and threads: their life, identity, limits and scheduling.
 *
 * Sources: section 2 of the manual pages; `kernel/*.c` of Linux 6.18.
 */
import { ARCH, CLONE, ERRNO, PTRACE, WAIT } from "../../../ffi/mod.ts";
import { argument, field, int, least, result } from "../amounts.ts";
import { behind, both, byCommand, filled, iovecs, out, when } from "../areas.ts";
import { bits, every, not, oneOf, resultAbove, unless } from "../conditions.ts";
import { absent, all, calm, changesNothing, type Entry, memory, plain, type Table, task } from "../entry.ts";
import { ANY, untold } from "../files.ts";
import { ARCH_PRCTL } from "./arch-prctl.ts";
import { PRCTL } from "./prctl.ts";
import { CAP_DATA, CAP_HEADER, RLIMIT, RSEQ, RUSAGE, SCHED_PARAM, SIGINFO, TIMESPEC } from "./sizes.ts";

/** The operation of seccomp that tells how long its structures are, and struct seccomp_notif_sizes (linux/seccomp.h). */
const SECCOMP_GET_NOTIF_SIZES = 3;
const NOTIF_SIZES = 6;
/** The flag by which its result is a descriptor. */
const SECCOMP_NEW_LISTENER = 8;

/** The limit of the length of files (asm-generic/resource.h). */
const RLIMIT_FSIZE = 1;

/** struct user_regs_struct (asm/user_64.h), and a word. */
const ALL_REGISTERS = 27 * 8;
const PEEKED = out(3, 8);
/** struct fxregs_state; struct ptrace_syscall_info and ptrace_rseq_configuration as far as there is room for them. */
const FXSAVE = 512;
const ASKED = out(3, least(argument(2), result));
/** What requests of ptrace write that are answered: PTRACE_GETREGSET has an iovec. */
const PTRACE_WRITES = {
  [PTRACE.PEEKTEXT]: PEEKED,
  [PTRACE.PEEKDATA]: PEEKED,
  [PTRACE.PEEKUSER]: PEEKED,
  [PTRACE.GETREGS]: out(3, ALL_REGISTERS),
  [PTRACE.GETFPREGS]: out(3, FXSAVE),
  [PTRACE.GETSIGINFO]: out(3, SIGINFO),
  [PTRACE.GETSIGMASK]: PEEKED,
  [PTRACE.GETEVENTMSG]: PEEKED,
  [PTRACE.GET_SYSCALL_INFO]: ASKED,
  [PTRACE.GET_RSEQ_CONFIGURATION]: ASKED,
  [PTRACE.SETREGSET]: out(3, 16),
  [PTRACE.ARCH_PRCTL]: when(oneOf(int(3), [ARCH.GET_FS, ARCH.GET_GS]), out(2, 8)),
  [PTRACE.GETREGSET]: both(behind(3, 0, field(3, 8, 64)), out(3, 16)),
};

/** The id of the new task, or a descriptor for it, in argument 2 of clone. */
const PARENT_TID = when(bits(int(0), CLONE.PARENT_SETTID | CLONE.PIDFD), out(2, 4));

/** LDT_ENTRIES × LDT_ENTRY_SIZE (asm/ldt.h). */
const LDT_BYTES = 65536;

/** Offsets in struct clone_args of pointers that the kernel writes at (linux/sched.h of Linux 6.18). */
const CLONE_ARGS = { pidfd: 8, parentTid: 24 } as const;
/** The first of its fields. */
const CLONE3_FLAGS = field(0, 0, 64);

/** A birth, which sleeps only for a child that shares its memory. */
const BIRTH: Entry = { ...task("birth"), sleepsFor: "no call by a descriptor" };

export const PROCESSES: Table = changesNothing({
  ...all(["fork", "vfork"], BIRTH),
  clone: { ...BIRTH, writes: [PARENT_TID] },
  ...all(["execve", "execveat"], { ...task("exec"), descriptors: ANY }),
  exit: task("exit"),
  exit_group: task("exitGroup"),
  clone3: {
    ...BIRTH,
    writes: [
      when(bits(CLONE3_FLAGS, CLONE.PIDFD), behind(0, CLONE_ARGS.pidfd, 4)),
      when(bits(CLONE3_FLAGS, CLONE.PARENT_SETTID), behind(0, CLONE_ARGS.parentTid, 4)),
    ],
  },
  // Requests about tasks of the recording are answered in `record/traced/`; about others they can't be.
  ptrace: {
    signalsByRequest: true,
    writes: [byCommand(0, PTRACE_WRITES)],
    refuses: [{ when: true, reason: "it traces a process, which the embedded engine can't do in its name" }],
  },

  wait4: {
    blocks: unless(2, WAIT.NOHANG),
    sleepsFor: "no call by a descriptor",
    writes: [out(1, 4), out(3, RUSAGE)],
  },
  // The siginfo is filled in, with zeros, even if there is no child (SYSCALL_DEFINE5(waitid)).
  waitid: {
    blocks: unless(3, WAIT.NOHANG),
    sleepsFor: "no call by a descriptor",
    writes: [out(4, RUSAGE)],
    writesAlways: [out(2, SIGINFO)],
  },
  process_vm_readv: { writes: [iovecs(1, 2, result)] },
  // A descriptor of another process may be one of any file, or of a network.
  pidfd_getfd: { descriptors: ANY, changes: [untold()], opensNetwork: true },
  unshare: {
    changesRights: true,
    descriptors: { kind: "any", parts: bits(int(0), CLONE.FILES) },
  },
  setns: { changesRights: true },

  prctl: PRCTL,
  arch_prctl: ARCH_PRCTL,
  seccomp: {
    doneBy: "the recorder runs the program's filters; the kernel gets none of them",
    descriptors: { kind: "given", usedNext: false, when: bits(int(1), SECCOMP_NEW_LISTENER) },
    writes: [when(oneOf(int(0), [SECCOMP_GET_NOTIF_SIZES]), out(2, NOTIF_SIZES))],
  },

  // The version of the header is corrected where it is not one of the kernel's.
  capget: { writes: [out(1, CAP_DATA)], writesAlways: [out(0, CAP_HEADER)] },
  capset: { changesRights: true, writesAlways: [out(0, CAP_HEADER)] },
  getgroups: { writes: [filled(1, 0, 4)] },
  getresuid: { writes: [out(0, 4), out(1, 4), out(2, 4)] },
  getresgid: { writes: [out(0, 4), out(1, 4), out(2, 4)] },
  getrlimit: { wakes: false, writes: [out(1, RLIMIT)] },
  setrlimit: { memory: "limit", limitsFiles: oneOf(int(0), [RLIMIT_FSIZE]) },
  prlimit64: {
    wakes: false,
    memory: "limit",
    writes: [out(3, RLIMIT)],
    limitsFiles: every(oneOf(int(1), [RLIMIT_FSIZE]), not(oneOf(argument(2), [0]))),
  },
  ...calm({
    getrusage: { writes: [out(1, RUSAGE)] },
    getcpu: { writes: [out(0, 4), out(1, 4)] },
    rseq: {
      doneBy:
        "the recorder restarts sequences; the kernel would look for them at addresses where nothing runs",
      writes: [out(0, RSEQ)],
    },
  }),
  get_robust_list: { writes: [out(1, 8), out(2, 8)] },

  sched_getaffinity: { writes: [filled(2, 1)] },
  sched_getparam: { writes: [out(1, SCHED_PARAM)] },
  sched_rr_get_interval: { writes: [out(1, TIMESPEC)] },
  sched_getattr: { writes: [out(1, argument(2))] },
  // With E2BIG it writes the size that the kernel knows.
  sched_setattr: { writesAlways: [out(1, 4)] },

  ...all(
    ["set_thread_area", "get_thread_area"],
    absent(ERRNO.ENOSYS, "not a system call of 64-bit programs"),
  ),
  // Functions 0 and 2 read; 1 and 0x11 write. An error is cut to 32 bits (SYSCALL_DEFINE3(modify_ldt) of
  // arch/x86/kernel/ldt.c, Linux 6.18), and looks like more than all segments.
  modify_ldt: {
    ...memory("segment"),
    writes: [when(every(oneOf(int(0), [0, 2]), not(resultAbove(LDT_BYTES))), out(1, result))],
  },
  ...calm(
    plain(
      "getegid",
      "geteuid",
      "getgid",
      "getpgid",
      "getpgrp",
      "getpid",
      "getppid",
      "getpriority",
      "getsid",
      "gettid",
      "getuid",
      "ioprio_get",
      "kcmp",
      "pidfd_open",
      "sched_get_priority_max",
      "sched_get_priority_min",
      "sched_getscheduler",
      "sched_yield",
      "set_robust_list",
      "set_tid_address",
    ),
  ),
  ...plain(
    "ioprio_set",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "personality",
    "process_mrelease",
    "process_vm_writev",
    "sched_setaffinity",
    "sched_setparam",
    "sched_setscheduler",
    "setpgid",
    "setpriority",
    "setsid",
  ),
  ...all(
    [
      "landlock_restrict_self",
      "setfsgid",
      "setfsuid",
      "setgid",
      "setgroups",
      "setregid",
      "setresgid",
      "setresuid",
      "setreuid",
      "setuid",
    ],
    { changesRights: true },
  ),
});
