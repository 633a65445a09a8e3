/* timer_create: a signal with a value, a queue of its own overruns, and a timer that only one thread is told of. */
#include "../tickproof.h"

static volatile sig_atomic_t values, calls;

static void on_timer(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  CHECK(info->si_code == SI_TIMER);
  values = info->si_value.sival_int;
  calls++;
}

static timer_t timer(struct sigevent event, clockid_t clock) {
  timer_t made;
  CHECK(timer_create(clock, &event, &made) == 0);
  return made;
}

static void start(timer_t which, long first_ns, long every_ns) {
  const struct itimerspec spec = {.it_value.tv_nsec = first_ns, .it_interval.tv_nsec = every_ns};
  CHECK(timer_settime(which, 0, &spec, NULL) == 0);
}

int main(void) {
  handle(SIGRTMIN, on_timer, 0);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
  const timer_t spinning = timer(event, CLOCK_MONOTONIC);
  start(spinning, 1000000, 1000000);
  unsigned long turns = 0;
  while (calls < 3) turns++;
  CHECK(turns > 0 && values == 77);
  CHECK(timer_delete(spinning) == 0);

  /* Blocked meanwhile, it comes once, and the others are overruns. */
  sigset_t set;
  CHECK(sigemptyset(&set) == 0 && sigaddset(&set, SIGRTMIN + 1) == 0);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  event.sigev_signo = SIGRTMIN + 1;
  const timer_t queued = timer(event, CLOCK_REALTIME);
  start(queued, 100000, 100000);
  int overruns = 0;
  while (overruns < 2) {
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_code == SI_TIMER);
    nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    overruns += timer_getoverrun(queued);
  }
  CHECK(timer_delete(queued) == 0);
  return succeed();
}
