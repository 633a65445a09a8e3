/*
 * Runs a command whose system calls the kernel tells of, one by one, before they are made; a callback says what comes of
 * each (seccomp(2), SECCOMP_RET_USER_NOTIF; seccomp_unotify(2)). All processes that come from the command are told of too:
 * a tracer's tracees have no room for a second tracer such as strace, but for this.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
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

/*
 * Filters this process and all that come from it. The filter has to tell of execve: it waits until the supervisor has the
 * listener, which it would close.
 */
static void become(char **command, int channel, struct sock_fprog program) {
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  /* The lowest free descriptor is the one that the listener will have. */
  int listener = dup(channel);
  CHECK(listener >= 0 && close(listener) == 0);
  CHECK(write(channel, &listener, sizeof(listener)) == sizeof(listener));
  CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
  /* A call that the supervisor looks at is not broken off by a signal (since Linux 5.19). */
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

/* Says what comes of a call: 0 lets it be made, an error number takes its place. `process` is 0 of a task that is gone. */
typedef int Decide(const struct seccomp_notif *call, int process, int child);

/* Runs a command, and asks of each call that the filter gives to it. Returns what a shell would say of its end. */
static int supervise(char **command, struct sock_fprog program, Decide *decide) {
  int channel[2];
  CHECK(pipe2(channel, O_CLOEXEC) == 0);
  int child = fork();
  CHECK(child >= 0);
  if (child == 0) become(command, channel[1], program);
  struct pollfd listener = {.fd = listener_of(child, channel[0]), .events = POLLIN};
  for (;;) {
    int status;
    if (poll(&listener, 1, 100) > 0 && (listener.revents & POLLIN)) {
      struct seccomp_notif call;
      memset(&call, 0, sizeof(call));
      /* ENOENT: the task was killed meanwhile. */
      if (ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
      int error = decide(&call, process_of((int)call.pid), child);
      struct seccomp_notif_resp answer = {.id = call.id, .error = -error};
      if (error == 0) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
      continue;
    }
    if (waitpid(child, &status, WNOHANG) != child) continue;
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
  }
}
