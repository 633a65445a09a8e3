/* Handlers in handlers: masks, SA_NODEFER, SA_RESETHAND, and the order of signals that were blocked together,
 * real-time ones with their values. All of it is up to the kernel, so that it prints the same wherever it runs. */
#include "../tickproof.h"

static uint64_t trail;
static int depth, deepest, repeats = 3;

static void nest(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (++depth > deepest) deepest = depth;
  trail = mix(trail, (unsigned)(signal * 100 + depth) + (unsigned)info->si_value.sival_int);
  if (signal == SIGUSR1) CHECK(raise(SIGUSR2) == 0);
  if (signal == SIGUSR1 && repeats-- > 0) CHECK(raise(SIGUSR1) == 0);
  trail = mix(trail, (unsigned)depth--);
}

static void recurse(int signal, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  if (++depth > deepest) deepest = depth;
  if (depth < 6) CHECK(raise(signal) == 0);
  trail = mix(trail, (unsigned)depth--);
}

int main(void) {
  struct sigaction found;
  sigset_t all, before, waiting;
  handle(SIGUSR1, nest, 0);
  handle(SIGUSR2, nest, 0);
  CHECK(raise(SIGUSR1) == 0);
  printf("nested %016lx, %d deep\n", trail, deepest);

  deepest = 0;
  handle(SIGTERM, recurse, SA_NODEFER);
  CHECK(raise(SIGTERM) == 0);
  printf("not deferred %016lx, %d deep\n", trail, deepest);

  handle(SIGHUP, nest, SA_RESETHAND);
  CHECK(raise(SIGHUP) == 0 && sigaction(SIGHUP, NULL, &found) == 0);
  printf("reset: %d\n", found.sa_handler == SIG_DFL);

  for (int i = 0; i < 4; i++) handle(SIGRTMIN + i, nest, 0);
  sigfillset(&all);
  for (int round = 0; round < 20; round++) {
    CHECK(sigprocmask(SIG_BLOCK, &all, &before) == 0);
    for (int i = 0; i < 24; i++)
      CHECK(sigqueue(getpid(), SIGRTMIN + (i * 7 + round) % 4, (union sigval){.sival_int = i}) == 0);
    CHECK(raise(SIGUSR2) == 0 && raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0);
    CHECK(sigpending(&waiting) == 0 && sigismember(&waiting, SIGUSR2) && !sigismember(&waiting, SIGTERM));
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
  }
  printf("queued %016lx\n", trail);
  return succeed();
}
