/* Calls that sleep and are broken off by a timer: those that give EINTR, those that go on, and what they say of
 * the time that is left. */
#include "../tickproof.h"
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

/* Seconds. */
enum { LONG = 1000 };

static int ends[2];
static volatile int hits, feeds;

static void on_alarm(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  (void)signal;
  (void)info;
  (void)context;
  if (++hits == 2 && feeds) CHECK(write(ends[1], "z", 1) == 1);
  errno = saved;
}

static void set_timer(int microseconds) {
  struct itimerval timer = {.it_interval.tv_usec = microseconds, .it_value.tv_usec = microseconds};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void report(const char *name, long result, int error) {
  set_timer(0);
  printf("%s %ld %s\n", name, result, result < 0 ? strerrorname_np(error) : "");
}

#define BROKEN_OFF(name, call) \
  do { \
    hits = 0; \
    set_timer(4000); \
    long result = (call); \
    report(name, result, errno); \
  } while (0)

int main(void) {
  /* So long that a timer of 4 ms comes before it, however busy the machine is. */
  const struct timespec long_time = {.tv_sec = LONG};
  const sigset_t none = {{0}};
  struct timespec left;
  struct timeval limit;
  struct pollfd poller;
  struct epoll_event event;
  fd_set set;
  int word = 0, status;
  char byte;
  sem_t semaphore;
  CHECK(pipe(ends) == 0 && sem_init(&semaphore, 0, 0) == 0);
  poller = (struct pollfd){.fd = ends[0], .events = POLLIN};
  for (int restarts = 0; restarts < 2; restarts++) {
    handle(SIGALRM, on_alarm, restarts ? SA_RESTART : 0);
    feeds = restarts;
    BROKEN_OFF("read", read(ends[0], &byte, 1));
    feeds = 0;
    BROKEN_OFF("nanosleep", nanosleep(&long_time, &left));
    /* May be more than was asked for, by the slack of timers (PR_SET_TIMERSLACK, 50 us): the kernel counts to the latest end. */
    CHECK(left.tv_sec > 0 && left.tv_sec <= LONG);
    limit = (struct timeval){.tv_sec = LONG};
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    BROKEN_OFF("select", select(ends[0] + 1, &set, NULL, NULL, &limit));
    CHECK(limit.tv_sec > 0 && limit.tv_sec <= LONG);
    BROKEN_OFF("poll", poll(&poller, 1, LONG * 1000));
    BROKEN_OFF("ppoll", ppoll(&poller, 1, &long_time, &none));
    int epoll = epoll_create1(0);
    BROKEN_OFF("epoll_wait", epoll_wait(epoll, &event, 1, LONG * 1000));
    CHECK(close(epoll) == 0);
    BROKEN_OFF("futex", syscall(SYS_futex, &word, FUTEX_WAIT, 0, &long_time, NULL, 0));
    if (!restarts) BROKEN_OFF("sem_wait", sem_wait(&semaphore));
    BROKEN_OFF("pause", pause());
    BROKEN_OFF("sigsuspend", sigsuspend(&none));
    pid_t child = fork();
    if (child == 0) {
      while (getppid() > 0) usleep(1000);
      _exit(0);
    }
    if (!restarts) BROKEN_OFF("wait", waitpid(child, &status, 0));
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  }
  return succeed();
}
