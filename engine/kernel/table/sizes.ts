/**
 * Sizes of the structures that system calls write, in bytes, on x86-64.
 *
 * Each was taken with sizeof from the header named beside it (Linux 6.1 headers; these never change, since the
 * kernel's interface is stable). `linux/` and `asm/` are the headers of the package linux-libc-dev.
 */

/** `struct stat`, asm/stat.h. */
export const STAT = 144;
/** `struct statx`, linux/stat.h. */
export const STATX = 256;
/** `struct statfs`, asm/statfs.h. */
export const STATFS = 120;
/** `struct ustat`, kernel include/linux/types.h. */
export const USTAT = 32;
/** `struct flock`, linux/fcntl.h. */
export const FLOCK = 32;
/** `struct cachestat`, linux/mman.h. */
export const CACHESTAT = 40;
/** `struct pollfd`, asm/poll.h. */
export const POLLFD = 8;
/** `struct epoll_event`, packed on x86-64, linux/eventpoll.h. */
export const EPOLL_EVENT = 12;
/** `struct timespec`, linux/time.h. */
export const TIMESPEC = 16;
/** `struct timeval`, linux/time.h. */
export const TIMEVAL = 16;
/** `struct timezone`, linux/time.h. */
export const TIMEZONE = 8;
/** `struct itimerval`, linux/time.h. */
export const ITIMERVAL = 32;
/** `struct itimerspec`, linux/time.h. */
export const ITIMERSPEC = 32;
/** `struct timex`, linux/timex.h. */
export const TIMEX = 208;
/** `struct tms`, linux/times.h. */
export const TMS = 32;
/** `struct rusage`, linux/resource.h. */
export const RUSAGE = 144;
/** struct rseq (linux/rseq.h), as far as Linux 6.18 knows it. */
export const RSEQ = 32;
/** `struct rlimit`, linux/resource.h. */
export const RLIMIT = 16;
/** `struct sysinfo`, linux/sysinfo.h. */
export const SYSINFO = 112;
/** `struct new_utsname`, linux/utsname.h. */
export const UTSNAME = 390;
/** `siginfo_t`, asm-generic/siginfo.h. */
export const SIGINFO = 128;
/** `struct sigaction` as the kernel has it, asm/signal.h. */
export const SIGACTION = 32;
/** `sigset_t` as the kernel has it, asm/signal.h. */
export const SIGSET = 8;
/** `stack_t`, asm/signal.h. */
export const STACK = 24;
/** `struct sched_param`, linux/sched/types.h. */
export const SCHED_PARAM = 4;
/** `struct __user_cap_header_struct`, linux/capability.h. */
export const CAP_HEADER = 8;
/** Two `struct __user_cap_data_struct`, linux/capability.h. */
export const CAP_DATA = 24;
/** `struct mq_attr`, linux/mqueue.h. */
export const MQ_ATTR = 64;
/** `struct shmid64_ds`, asm/shmbuf.h. */
export const SHMID_DS = 112;
/** `struct shminfo64`, asm/shmbuf.h. */
export const SHMINFO = 72;
/** `struct shm_info`, linux/shm.h. */
export const SHM_INFO = 48;
/** `struct msqid64_ds`, asm/msgbuf.h. */
export const MSQID_DS = 120;
/** `struct msginfo`, linux/msg.h. */
export const MSGINFO = 32;
/** `struct semid64_ds`, asm/sembuf.h. */
export const SEMID_DS = 104;
/** `struct seminfo`, linux/sem.h. */
export const SEMINFO = 40;
/** The largest of the structures that quotactl writes, `struct fs_quota_statv`, linux/dqblk_xfs.h. */
export const QUOTA = 160;
/** `struct keyctl_pkey_query`, linux/keyctl.h. */
export const PKEY_QUERY = 56;
