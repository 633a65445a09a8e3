/* Signals for a process that computes, at the same moments as for one that waits. */
#include "../tickproof.h"
#include <sys/wait.h>

enum { SIGNALS = 60 };

static volatile int received;

static void on_alarm(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  received++;
}

/* Some branches that depend on the last ones, so that no two moments look the same. */
static uint64_t compute(uint64_t hash) {
  for (int i = 0; i < 100; i++) hash = hash & 1 ? mix(hash, i) : hash / 2 + 12345;
  return hash;
}

int main(void) {
  const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
  uint64_t hash = 1;
  int status;
  handle(SIGALRM, on_alarm, 0);
  pid_t parent = getpid(), child = fork();
  CHECK(child >= 0);
  if (child != 0) {
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    /* Each alarm of the parent is one for the child, too. */
    for (int seen = 0; seen < SIGNALS; seen++) {
      while (received <= seen) pause();
      kill(child, SIGALRM);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    kill(child, SIGTERM);
    CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM);
    printf("parent of %d: %d alarms\n", (int)(child > 0), received >= SIGNALS);
    return succeed();
  }
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  for (;;) {
    hash = compute(hash);
    if (received % 8 == 7 && getppid() != parent) _exit((int)hash & 1);
  }
}
