/* Counts in a loop until a signal stops it, and says how far it got. */
#include "../tickproof.h"

static volatile sig_atomic_t stop;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  stop = 1;
}

int main(void) {
  handle(SIGUSR1, on_signal, 0);
  unsigned long turns = 0;
  while (!stop) turns++;
  printf("%lu turns\n", turns);
  return succeed();
}
