/* A timer's signal hits a spinning loop at a point that nobody can foresee, several times. The handler
 * notes how far the loop had come, between any two of its instructions; all of it is printed. Only a
 * replay that delivers each signal at the very same instruction prints the same. */
#include "tickproof.h"

enum { ROUNDS = 5 };

static volatile uint64_t started, finished; /* turns of the loop that were begun, and done */
static volatile uint64_t state = 1;
static volatile sig_atomic_t caught;
static uint64_t seen_started, seen_finished, seen_state;

static void on_alarm(int signal, siginfo_t *info, void *context) {
  (void)context;
  CHECK(signal == SIGALRM && info->si_signo == SIGALRM);
  seen_started = started;
  seen_finished = finished;
  seen_state = state;
  caught++;
}

static __attribute__((noinline)) void turn(void) {
  started++;
  if (state & 1)
    state = mix(state, started);
  else
    state = state / 2 + finished;
  finished++;
}

int main(void) {
  handle(SIGALRM, on_alarm, 0);
  for (int round = 1; round <= ROUNDS; round++) {
    struct itimerval once = {.it_value = {.tv_usec = 20000 + 7919 * round}};
    CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
    while (caught < round) turn();
    CHECK(caught == round && started == finished);
    CHECK(seen_started - seen_finished <= 1 && seen_started <= started);
    printf("alarm %d: in turn %lu of %lu, state %016lx\n", round, seen_started, started, seen_state);
  }
  printf("counter %lu, state %016lx\n", finished, state);
  return succeed();
}
