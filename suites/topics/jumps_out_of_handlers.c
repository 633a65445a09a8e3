/* siglongjmp out of handlers: of faults, of a timer in the middle of work, and of a handler within a handler.
 */
#include "../tickproof.h"

#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf place;
static volatile int nested;

static void leave(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  siglongjmp(place, signal);
}

static void raise_another(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  nested++;
  raise(SIGUSR2);
  CHECK(!"not reached");
}

int main(void) {
  handle(SIGSEGV, leave, 0);
  handle(SIGALRM, leave, 0);
  handle(SIGUSR1, raise_another, 0);
  handle(SIGUSR2, leave, 0);
  volatile char *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (volatile int i = 0; i < 100; i++) {
    const int signal = sigsetjmp(place, 1);
    if (signal == 0) nothing[i] = 1;
    CHECK(signal == SIGSEGV);
  }
  volatile uint64_t work = 1;
  for (volatile int i = 0; i < 5; i++) {
    const struct itimerval soon = {.it_value.tv_usec = 2000};
    if (sigsetjmp(place, 1) == 0) {
      CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
      for (;;) work = mix(work, (uint64_t)i);
    }
  }
  for (volatile int i = 0; i < 10; i++) {
    const int signal = sigsetjmp(place, 1);
    if (signal == 0) raise(SIGUSR1);
    CHECK(signal == SIGUSR2);
  }
  CHECK(nested == 10);
  sigset_t mask;
  CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR1) &&
        !sigismember(&mask, SIGALRM));
  return succeed();
}
