/* Descriptors of processes: signals by them, waiting by them, polls, and a descriptor fetched out of another
 * process. */
#include "../tickproof.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pidfd_open(pid_t pid) { return (int)syscall(434, pid, 0); }
static int pidfd_send_signal(int fd, int signal) { return (int)syscall(424, fd, signal, NULL, 0); }
static int pidfd_getfd(int fd, int theirs) { return (int)syscall(438, fd, theirs, 0); }

static volatile sig_atomic_t asked;
static void ask(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  CHECK(info->si_pid == getppid());
  asked = 1;
}

int main(void) {
  int ready[2];
  CHECK(pipe(ready) == 0);
  sigset_t usr1, none;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigemptyset(&none);
  CHECK(sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
  const pid_t child = fork();
  if (child == 0) {
    handle(SIGUSR1, ask, 0);
    int own[2];
    CHECK(pipe(own) == 0 && write(own[1], "inside", 6) == 6);
    CHECK(write(ready[1], own, sizeof(own)) == sizeof(own));
    while (!asked) sigsuspend(&none);
    _exit(9);
  }
  int theirs[2];
  CHECK(read(ready[0], theirs, sizeof(theirs)) == sizeof(theirs));
  const int fd = pidfd_open(child);
  CHECK(fd >= 0);
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  CHECK(poll(&waiting, 1, 0) == 0);
  const int fetched = pidfd_getfd(fd, theirs[0]);
  if (fetched >= 0) {
    char text[8];
    CHECK(read(fetched, text, sizeof(text)) == 6 && memcmp(text, "inside", 6) == 0);
  } else {
    CHECK(errno == EPERM || errno == ENOSYS);
  }
  CHECK(pidfd_send_signal(fd, SIGUSR1) == 0);
  CHECK(poll(&waiting, 1, -1) == 1 && (waiting.revents & POLLIN));
  siginfo_t info;
  CHECK(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
  CHECK(info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 9);
  CHECK(pidfd_send_signal(fd, 0) < 0 && errno == ESRCH);
  CHECK(pidfd_open(child) < 0 && errno == ESRCH);
  return succeed();
}
