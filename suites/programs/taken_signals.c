/* Signals that are taken instead of handled: sigtimedwait, signalfd, timers that send them, timers that start
 * threads, timers that are files. */
#include "../tickproof.h"
#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int calls;

static void on_expiry(union sigval value) { __atomic_add_fetch(&calls, value.sival_int, __ATOMIC_SEQ_CST); }

int main(void) {
  const struct timespec now = {0}, soon = {.tv_nsec = 3000000};
  struct itimerspec period = {.it_interval.tv_nsec = 1000000, .it_value.tv_nsec = 1000000};
  struct sigevent signals = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 5};
  struct sigevent threads = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_expiry};
  struct signalfd_siginfo taken[4];
  siginfo_t info;
  sigset_t all;
  timer_t timer;
  uint64_t expiries, sum = 0;
  int number;
  sigfillset(&all);
  CHECK(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
  for (int i = 0; i < 10; i++)
    CHECK(sigqueue(getpid(), SIGRTMIN + (9 - i) % 3, (union sigval){.sival_int = i}) == 0);
  while ((number = sigtimedwait(&all, &info, &now)) > 0)
    printf("took %d with %d\n", number - SIGRTMIN, info.si_value.sival_int);
  CHECK(errno == EAGAIN && raise(SIGUSR1) == 0 && sigwait(&all, &number) == 0 && number == SIGUSR1);
  CHECK(sigtimedwait(&all, &info, &soon) == -1 && errno == EAGAIN);

  int fd = signalfd(-1, &all, SFD_NONBLOCK);
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  signals.sigev_value.sival_int = 7;
  CHECK(raise(SIGUSR2) == 0 && read(fd, taken, sizeof taken) == sizeof taken[0] && taken[0].ssi_signo == SIGUSR2);
  CHECK(timer_create(CLOCK_MONOTONIC, &signals, &timer) == 0 && timer_settime(timer, 0, &period, NULL) == 0);
  for (int i = 0; i < 5; i++) {
    /* One at a time: the timer may expire once more while the first one is taken. */
    CHECK(poll(&poller, 1, 10000) == 1 && read(fd, taken, sizeof taken[0]) == sizeof taken[0]);
    CHECK(taken[0].ssi_signo == (unsigned)SIGRTMIN + 5 && taken[0].ssi_int == 7);
    sum += 1 + taken[0].ssi_overrun;
  }
  CHECK(timer_delete(timer) == 0);
  printf("%lu expiries by signal\n", sum);

  threads.sigev_value.sival_int = 3;
  CHECK(timer_create(CLOCK_REALTIME, &threads, &timer) == 0 && timer_settime(timer, 0, &period, NULL) == 0);
  while (__atomic_load_n(&calls, __ATOMIC_SEQ_CST) < 15) nanosleep(&soon, NULL);
  CHECK(timer_delete(timer) == 0);

  int clock = timerfd_create(CLOCK_MONOTONIC, 0);
  CHECK(timerfd_settime(clock, 0, &period, NULL) == 0);
  for (int i = 0; i < 5; i++) {
    CHECK(read(clock, &expiries, sizeof expiries) == sizeof expiries);
    sum = mix(sum, expiries);
  }
  printf("timers %016lx\n", sum);
  return succeed();
}
