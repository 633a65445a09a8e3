/* Loops without a conditional branch are left by signals all the same, and at the same turn in replay. */
#include "../tickproof.h"
#include <setjmp.h>

static sigjmp_buf out;
static volatile unsigned turns;

static void leave(int signal, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  siglongjmp(out, signal);
}

int main(void) {
  const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
  handle(SIGALRM, leave, 0);
  for (volatile int round = 0; round < 3; round++) {
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    if (!sigsetjmp(out, 1))
      for (;;) turns++;
    printf("round %d left at turn %u\n", round, turns);
  }
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  if (!sigsetjmp(out, 1))
    for (;;) {
    }
  return succeed();
}
