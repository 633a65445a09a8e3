/*
 * observe FILE COMMAND ARGS…: runs a command, and writes each system call that another process of it asks the kernel for
 * to FILE, as "PID NUMBER ARGUMENT0 ARGUMENT2 ARGUMENT3". The command's own process is left out: it is the tracer.
 *
 * A tracer's tracees have no room for a second tracer such as strace. So the kernel itself tells of each call, by a filter
 * that all of them inherit (seccomp(2), SECCOMP_RET_USER_NOTIF; seccomp_unotify(2)), and lets it go on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));      \
      exit(125);                                                                                \
    }                                                                                           \
  } while (0)

/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, which older headers of linux/seccomp.h do not have. */
enum { FLAG_WAIT_KILLABLE_RECV = 1 << 5 };

/* The thread group of a task, or 0 if it is gone. */
static int process_of(int tid) {
  char path[64], line[128];
  snprintf(path, sizeof(path), "/proc/%d/status", tid);
  FILE *status = fopen(path, "r");
  int id = 0;
  while (status && fgets(line, sizeof(line), status))
    if (sscanf(line, "Tgid: %d", &id) == 1) break;
  if (status) fclose(status);
  return id;
}

/* Filters this process and all that come from it. Its next call waits until the observer has the listener. */
static void become(char **command, int channel) {
  /* futex reaches nothing, and the C library gives up where a signal ends one that wakes, as it may while it waits. */
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
  };
  struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  /* The lowest free descriptor is the one that the listener will have. */
  int listener = dup(channel);
  CHECK(listener >= 0 && close(listener) == 0);
  CHECK(write(channel, &listener, sizeof(listener)) == sizeof(listener));
  CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
  /* A call that the observer looks at is not broken off by a signal (since Linux 5.19). */
  unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | FLAG_WAIT_KILLABLE_RECV, &program) < 0)
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  execvp(command[0], command);
  CHECK(0);
}

/* The listener of the child, once it has one. */
static int listener_of(int child, int channel) {
  int theirs, process = (int)syscall(SYS_pidfd_open, child, 0);
  CHECK(process >= 0 && read(channel, &theirs, sizeof(theirs)) == sizeof(theirs));
  for (int tries = 0; tries < 10000; tries++) {
    int fd = (int)syscall(SYS_pidfd_getfd, process, theirs, 0);
    if (fd >= 0) return fd;
    CHECK(errno == EBADF);
    usleep(1000);
  }
  CHECK(!"the child has a listener");
  return -1;
}

int main(int count, char **arguments) {
  CHECK(count > 2);
  FILE *log = fopen(arguments[1], "w");
  int channel[2];
  CHECK(log && fcntl(fileno(log), F_SETFD, FD_CLOEXEC) == 0 && pipe2(channel, O_CLOEXEC) == 0);
  int child = fork();
  CHECK(child >= 0);
  if (child == 0) become(arguments + 2, channel[1]);
  struct pollfd listener = {.fd = listener_of(child, channel[0]), .events = POLLIN};
  for (;;) {
    int status;
    if (poll(&listener, 1, 100) > 0 && (listener.revents & POLLIN)) {
      struct seccomp_notif call;
      memset(&call, 0, sizeof(call));
      /* ENOENT: the task was killed meanwhile. */
      if (ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
      int process = process_of((int)call.pid);
      if (process != 0 && process != child)
        fprintf(log, "%u %d 0x%llx 0x%llx 0x%llx\n", call.pid, call.data.nr, call.data.args[0], call.data.args[2],
                call.data.args[3]);
      struct seccomp_notif_resp go_on = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
      ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
      continue;
    }
    if (waitpid(child, &status, WNOHANG) != child) continue;
    CHECK(fclose(log) == 0);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
  }
}
