/* As many different system calls as one program can make, each by its number: under record --check-effects, all that the
 * kernel writes for them must be what the table says. Those that fail write what they write, too. */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* Numbers that older headers lack (asm/unistd_64.h of Linux 6.18). */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef SYS_lsm_get_self_attr
#define SYS_lsm_get_self_attr 459
#endif

static int made, failed;

/* Room that a call may write to, cleared for each; large, so that what it writes too much is seen. */
static char room[1 << 16], more[1 << 12];

static long made_call(long result) {
  made++;
  if (result == -1) failed++;
  return result;
}

#define CALL(name, ...) (memset(room, 0, sizeof room), memset(more, 0, sizeof more), made_call(syscall(SYS_##name, ##__VA_ARGS__)))

static void files(const char *folder) {
  char path[256], other[256];
  snprintf(path, sizeof path, "%s/file", folder);
  snprintf(other, sizeof other, "%s/link", folder);
  const int fd = CALL(openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0 && CALL(write, fd, "0123456789", 10) == 10);
  struct iovec parts[] = {{room, 3}, {room + 100, 4}};
  loff_t offset = 2;
  CALL(pread64, fd, room, 5, 1);
  CALL(preadv, fd, parts, 2, 1, 0);
  CALL(preadv2, fd, parts, 2, 1, 0, 0);
  CALL(lseek, fd, 0, SEEK_SET);
  CALL(read, fd, room, 100);
  CALL(lseek, fd, 0, SEEK_SET);
  CALL(readv, fd, parts, 2);
  CALL(pwrite64, fd, "ab", 2, 3);
  CALL(stat, path, room);
  CALL(lstat, path, room);
  CALL(fstat, fd, room);
  CALL(newfstatat, AT_FDCWD, path, room, 0);
  CALL(statx, AT_FDCWD, path, 0, 0xfff, room);
  CALL(statfs, path, room);
  CALL(fstatfs, fd, room);
  CALL(symlink, path, other);
  CALL(readlink, other, room, 500);
  CALL(readlinkat, AT_FDCWD, other, room, 5);
  CALL(getcwd, room, sizeof room);
  const int directory = CALL(open, folder, O_RDONLY | O_DIRECTORY);
  CALL(getdents64, directory, room, 4096);
  CALL(lseek, directory, 0, SEEK_SET);
  CALL(getdents, directory, room, 4096);
  CALL(setxattr, path, "user.one", "value", 5, 0);
  CALL(getxattr, path, "user.one", room, 100);
  CALL(fgetxattr, fd, "user.one", room, 0);
  CALL(listxattr, path, room, 1000);
  CALL(flistxattr, fd, room, 1000);
  *(int *)room = 128;
  made_call(syscall(SYS_name_to_handle_at, AT_FDCWD, path, room, more, 0));
  const int out = CALL(openat, AT_FDCWD, folder, O_RDWR | 020000000 | O_DIRECTORY, 0600);
  const int sink = CALL(memfd_create, "sink", 0);
  CALL(sendfile, sink, fd, NULL, 4);
  made_call(syscall(SYS_sendfile, sink, fd, &offset, 4));
  loff_t in = 1, to = 2;
  made_call(syscall(SYS_copy_file_range, fd, &in, sink, &to, 3, 0));
  int ends[2], others[2];
  CALL(pipe, room);
  CALL(pipe2, ends, O_NONBLOCK);
  CHECK(pipe(ends) == 0 && pipe(others) == 0);
  in = 1;
  made_call(syscall(SYS_splice, fd, &in, ends[1], NULL, 4, 0));
  CALL(tee, ends[0], others[1], 4, 0);
  CALL(vmsplice, ends[1], parts, 1, 0);
  parts[0].iov_len = 2;
  CALL(vmsplice, others[0], parts, 1, 0);
  CALL(ioctl, ends[0], FIONREAD, room);
  struct flock lock = {.l_type = F_WRLCK};
  made_call(syscall(SYS_fcntl, fd, F_GETLK, &lock));
  CALL(fcntl, fd, 16 /* F_GETOWN_EX */, room);
  CALL(fcntl, fd, F_GETFL);
  CALL(fcntl, fd, 1036 /* F_GET_RW_HINT */, room);
  CALL(cachestat, fd, (uint64_t[]){0, 0}, room, 0);
  CALL(ftruncate, fd, 3);
  CALL(fallocate, fd, 0, 0, 100);
  CALL(utimensat, AT_FDCWD, path, NULL, 0);
  CALL(unlink, other);
  CALL(access, other, R_OK);
  CALL(read, fd, (void *)8, 4);
  CALL(read, -1, room, 4);
  CALL(close, out);
  CALL(close, sink);
}

static void waiting(void) {
  int ends[2];
  CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
  const int queue = CALL(epoll_create1, 0);
  struct epoll_event event = {.events = EPOLLIN};
  CALL(epoll_ctl, queue, EPOLL_CTL_ADD, ends[0], &event);
  CALL(epoll_wait, queue, room, 8, 0);
  CALL(epoll_pwait, queue, room, 8, 0, NULL, 8);
  struct timespec none = {0, 0}, little = {0, 1000};
  CALL(epoll_pwait2, queue, room, 8, &none, NULL, 8);
  struct pollfd polls[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
  made_call(syscall(SYS_poll, polls, 2, 0));
  made_call(syscall(SYS_ppoll, polls, 2, &little, NULL, 8));
  fd_set reads, writes;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_SET(ends[0], &reads);
  FD_SET(ends[1], &writes);
  struct timeval soon = {0, 500};
  made_call(syscall(SYS_select, ends[1] + 1, &reads, &writes, NULL, &soon));
  made_call(syscall(SYS_pselect6, ends[1] + 1, &reads, &writes, NULL, &little, NULL));
  const int events = CALL(eventfd2, 3, 0);
  CALL(read, events, room, 8);
  const int timer = CALL(timerfd_create, CLOCK_MONOTONIC, 0);
  struct itimerspec spec = {.it_value = {0, 1000}};
  CALL(timerfd_settime, timer, 0, &spec, room);
  CALL(timerfd_gettime, timer, room);
  CALL(read, timer, room, 8);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  made_call(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, room, 8));
  const int signals = CALL(signalfd4, -1, &set, 8, 0);
  kill(getpid(), SIGUSR2);
  CALL(rt_sigpending, room, 8);
  CALL(read, signals, room, 4096);
  kill(getpid(), SIGUSR2);
  CALL(rt_sigtimedwait, &set, room, &little, 8);
  CALL(rt_sigtimedwait, &set, room, &none, 8);
  const int watcher = CALL(inotify_init1, 0);
  CALL(inotify_add_watch, watcher, "/tmp", IN_CREATE);
  const int futex_word = 1;
  CALL(futex, &futex_word, FUTEX_WAIT, 1, &little, NULL, 0);
  CALL(futex, &futex_word, FUTEX_WAIT, 2, NULL, NULL, 0);
  int first = 0, second = 0;
  made_call(syscall(SYS_futex, &first, FUTEX_WAKE_OP, 1, 1, &second, (0 << 28) | (7 << 12)));
  made_call(syscall(SYS_futex, &first, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
  made_call(syscall(SYS_futex, &first, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
}

static void sockets(void) {
  int ends[2], on = 1;
  CALL(socketpair, AF_UNIX, SOCK_SEQPACKET, 0, ends);
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  CALL(setsockopt, ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  CALL(sendto, ends[0], "hello", 5, 0, NULL, 0);
  socklen_t length = 100;
  made_call(syscall(SYS_recvfrom, ends[1], room, 3, 0, more, &length));
  char control[256], bytes[2][64];
  struct iovec parts[] = {{bytes[0], 2}, {bytes[1], 60}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof control, .msg_name = more, .msg_namelen = 100};
  CALL(sendto, ends[0], "message", 7, 0, NULL, 0);
  made_call(syscall(SYS_recvmsg, ends[1], &message, 0));
  message.msg_controllen = sizeof control;
  made_call(syscall(SYS_recvmsg, ends[1], &message, MSG_DONTWAIT));
  struct mmsghdr messages[3];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < 3; i++) {
    messages[i].msg_hdr.msg_iov = &parts[i % 2];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  made_call(syscall(SYS_sendmmsg, ends[0], messages, 2, 0));
  made_call(syscall(SYS_recvmmsg, ends[1], messages, 3, MSG_DONTWAIT, NULL));
  static const int options[] = {SO_TYPE, SO_ERROR, SO_RCVBUF, SO_LINGER, SO_RCVTIMEO, SO_PEERCRED, SO_DOMAIN, SO_PEERGROUPS, 3333};
  for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
    length = 64;
    memset(room, 0, sizeof room);
    made_call(syscall(SYS_getsockopt, ends[0], SOL_SOCKET, options[i], room, &length));
  }
  const int server = CALL(socket, AF_UNIX, SOCK_STREAM, 0), client = CALL(socket, AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  CALL(bind, server, &address, sizeof(sa_family_t));
  CALL(listen, server, 4);
  length = sizeof address;
  made_call(syscall(SYS_getsockname, server, &address, &length));
  CALL(connect, client, &address, length);
  length = 8;
  memset(more, 0, sizeof more);
  made_call(syscall(SYS_accept4, server, more, &length, 0));
  length = 100;
  made_call(syscall(SYS_getpeername, client, more, &length));
  CALL(shutdown, client, SHUT_RDWR);
}

static void processes(void) {
  int status;
  siginfo_t info;
  struct rusage usage;
  if (fork() == 0) _exit(3);
  made_call(syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, &usage));
  if (fork() == 0) _exit(3);
  made_call(syscall(SYS_wait4, -1, &status, 0, &usage));
  made_call(syscall(SYS_wait4, -1, &status, WNOHANG, &usage));
  CALL(getrusage, RUSAGE_SELF, room);
  CALL(getrlimit, RLIMIT_STACK, room);
  CALL(prlimit64, 0, RLIMIT_NOFILE, NULL, room);
  CALL(getpriority, PRIO_PROCESS, 0);
  CALL(getgroups, 64, room);
  CALL(getgroups, 0, room);
  uid_t ids[3];
  made_call(syscall(SYS_getresuid, ids, ids + 1, ids + 2));
  made_call(syscall(SYS_getresgid, ids, ids + 1, ids + 2));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  made_call(syscall(SYS_capget, &header, room));
  header.version = 1;
  made_call(syscall(SYS_capget, &header, room));
  CALL(sched_getparam, 0, room);
  CALL(sched_getattr, 0, room, 56, 0);
  CALL(sched_rr_get_interval, 0, room);
  CALL(sched_getaffinity, 0, 512, room);
  CALL(getcpu, room, more, NULL);
  CALL(get_robust_list, 0, room, more);
  CALL(prctl, 2 /* PR_GET_PDEATHSIG */, room);
  CALL(prctl, 16 /* PR_GET_NAME */, room);
  CALL(prctl, 37 /* PR_GET_CHILD_SUBREAPER */, room);
  CALL(prctl, 40 /* PR_GET_TID_ADDRESS */, room);
  CALL(arch_prctl, 0x1003 /* ARCH_GET_FS */, room);
  CALL(arch_prctl, 0x1004 /* ARCH_GET_GS */, room);
  CALL(rt_sigaction, SIGUSR1, NULL, room, 8);
  CALL(sigaltstack, NULL, room);
  CALL(kcmp, getpid(), getpid(), 0, 0, 0);
  CALL(personality, 0xffffffff);
  CALL(ioprio_get, 1, 0);
  CALL(getpgid, 0);
  CALL(umask, 022);
}

static void kernel_and_time(void) {
  CALL(uname, room);
  CALL(sysinfo, room);
  CALL(times, room);
  CALL(time, room);
  CALL(gettimeofday, room, more);
  CALL(clock_gettime, CLOCK_REALTIME, room);
  CALL(clock_getres, CLOCK_MONOTONIC, room);
  struct timespec little = {0, 1000};
  CALL(nanosleep, &little, room);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &little, room);
  CALL(getitimer, ITIMER_REAL, room);
  struct itimerval far = {.it_value = {1000, 0}};
  CALL(setitimer, ITIMER_VIRTUAL, &far, room);
  int timer = 0;
  struct sigevent none = {.sigev_notify = SIGEV_NONE};
  made_call(syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, &timer));
  struct itimerspec spec = {.it_value = {1000, 0}};
  CALL(timer_settime, timer, 0, &spec, room);
  CALL(timer_gettime, timer, room);
  CALL(timer_getoverrun, timer);
  CALL(timer_delete, timer);
  struct timex read_only = {.modes = 0};
  made_call(syscall(SYS_adjtimex, &read_only));
  made_call(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &read_only));
  CALL(getrandom, room, 77, 0);
  CALL(syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0);
  CALL(sysfs, 2, 1, room);
  CALL(sysfs, 3);
  CALL(ustat, 0, room);
  CALL(statmount, NULL, room, 100, 0);
  CALL(membarrier, 0, 0, 0);
  CALL(lsm_get_self_attr, 100, room, more, 0);
  CALL(io_setup, 1, room);
  CALL(keyctl, 0, -3, 0);
  CALL(keyctl, 6 /* KEYCTL_DESCRIBE */, -3, room, 100);
}

static void memory_and_ipc(void) {
  char *pages = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  pages[0] = 1;
  CALL(mincore, pages, 8 * 4096, room);
  CALL(get_mempolicy, room, more, 64, NULL, 0);
  void *list[] = {pages, pages + 4096};
  CALL(move_pages, 0, 2, list, NULL, room, 0);
  struct iovec local = {room, 100}, remote = {pages, 100};
  CALL(process_vm_readv, getpid(), &local, 1, &remote, 1, 0);
  CALL(msync, pages, 4096, MS_SYNC);
  const int queue = CALL(msgget, IPC_PRIVATE, 0600);
  struct {
    long type;
    char text[20];
  } message = {1, "message"};
  CALL(msgsnd, queue, &message, 8, 0);
  CALL(msgrcv, queue, room, 100, 0, 0);
  CALL(msgctl, queue, IPC_STAT, room);
  CALL(msgctl, 0, 3 /* IPC_INFO */, room);
  CALL(msgctl, 0, 12 /* MSG_INFO */, room);
  CALL(msgctl, queue, IPC_RMID, NULL);
  const int semaphores = CALL(semget, IPC_PRIVATE, 3, 0600);
  struct sembuf up = {0, 1, 0};
  struct timespec little = {0, 1000};
  CALL(semop, semaphores, &up, 1);
  CALL(semtimedop, semaphores, &up, 1, &little);
  CALL(semctl, semaphores, 0, GETALL, room);
  CALL(semctl, semaphores, 0, IPC_STAT, room);
  CALL(semctl, semaphores, 0, 19 /* SEM_INFO */, room);
  CALL(semctl, semaphores, 0, IPC_RMID, 0);
  const int segment = CALL(shmget, IPC_PRIVATE, 4096, 0600);
  CALL(shmctl, segment, IPC_STAT, room);
  CALL(shmctl, 0, 14 /* SHM_INFO */, room);
  CALL(shmctl, 0, 3 /* IPC_INFO */, room);
  CALL(shmctl, segment, IPC_RMID, NULL);
  char name[64];
  struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
  snprintf(name, sizeof name, "tickproof-%d", getpid());
  const int messages = CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &attributes);
  CALL(mq_getsetattr, messages, NULL, room);
  CALL(mq_timedsend, messages, "text", 4, 1, NULL);
  CALL(mq_timedreceive, messages, room, 100, more, NULL);
  CALL(mq_unlink, name);
}

static void terminals(void) {
  const int master = CALL(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0);
  if (master < 0) return;
  int unlocked = 0;
  made_call(syscall(SYS_ioctl, master, TIOCSPTLCK, &unlocked));
  CALL(ioctl, master, TIOCGPTN, room);
  CALL(ioctl, master, TIOCGWINSZ, room);
  CALL(ioctl, master, TCGETS, room);
  CALL(ioctl, master, TIOCGPTLCK, room);
  CALL(ioctl, master, 0x5331, room);
  const int terminal = CALL(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  CALL(write, terminal, "text", 4);
  CALL(read, master, room, 100);
}

int main(void) {
  char folder[] = "/tmp/tickproof-calls-XXXXXX", command[64];
  CHECK(mkdtemp(folder));
  files(folder);
  waiting();
  sockets();
  processes();
  kernel_and_time();
  memory_and_ipc();
  terminals();
  snprintf(command, sizeof command, "%s/file", folder);
  CHECK(unlink(command) == 0 && rmdir(folder) == 0);
  fprintf(stderr, "%d calls, %d failed\n", made, failed);
  CHECK(made > 200 && failed < made / 5);
  return succeed();
}
