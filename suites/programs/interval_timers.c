/* setitimer: real time reaches a pause, the program's own time a loop, and what is left of a timer can be asked for. */
#include "../tickproof.h"

static volatile sig_atomic_t alarms, beats, profiles;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  if (signal == SIGALRM) alarms++;
  if (signal == SIGVTALRM) beats++;
  if (signal == SIGPROF) profiles++;
}

static void every(int which, long first_us, long interval_us) {
  const struct itimerval value = {.it_value.tv_usec = first_us, .it_interval.tv_usec = interval_us};
  CHECK(setitimer(which, &value, NULL) == 0);
}

int main(void) {
  handle(SIGALRM, on_signal, 0);
  handle(SIGVTALRM, on_signal, 0);
  handle(SIGPROF, on_signal, 0);
  sigset_t none, alarm_only;
  CHECK(sigemptyset(&none) == 0 && sigemptyset(&alarm_only) == 0 && sigaddset(&alarm_only, SIGALRM) == 0);
  CHECK(sigprocmask(SIG_BLOCK, &alarm_only, NULL) == 0);
  every(ITIMER_REAL, 1000, 1000);
  while (alarms < 3) sigsuspend(&none);
  every(ITIMER_REAL, 0, 0);

  every(ITIMER_VIRTUAL, 1000, 1000);
  every(ITIMER_PROF, 1000, 1000);
  uint64_t hash = 1;
  while (beats < 3 || profiles < 3) hash = mix(hash, (uint64_t)beats);
  every(ITIMER_VIRTUAL, 0, 0);
  every(ITIMER_PROF, 0, 0);
  struct itimerval left;
  CHECK(getitimer(ITIMER_VIRTUAL, &left) == 0 && left.it_value.tv_usec == 0 && hash != 0);
  CHECK(alarm(1000) == 0 && alarm(0) > 0);
  return succeed();
}
