/* signalfd: signals come as records, in order, with their values, to whoever reads; an epoll tells of them.
 */
#include "../tickproof.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGRTMIN + 1);
  sigaddset(&set, SIGCHLD);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd >= 0);
  struct signalfd_siginfo info[8];
  CHECK(read(fd, info, sizeof(info)) < 0 && errno == EAGAIN);
  for (int i = 0; i < 3; i++) {
    CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 + i}) == 0);
    CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) == 0);
  }
  CHECK(read(fd, info, sizeof(info)) == 6 * sizeof(*info));
  for (int i = 0; i < 6; i++) {
    CHECK(info[i].ssi_signo == (unsigned)(SIGRTMIN + i / 3) && info[i].ssi_int == i / 3 * 10 + i % 3);
    CHECK(info[i].ssi_pid == (unsigned)getpid() && info[i].ssi_code == SI_QUEUE);
  }
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  const pid_t child = fork();
  if (child == 0) {
    usleep(500);
    _exit(3);
  }
  event.data.u32 = 0;
  CHECK(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u32 == 7);
  CHECK(read(fd, info, sizeof(info)) == sizeof(*info));
  CHECK(info->ssi_signo == SIGCHLD && info->ssi_pid == (unsigned)child && info->ssi_status == 3);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
  return succeed();
}
