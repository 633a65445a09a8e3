/* Counts elided locks (HLE_RETIRED.START) of a program that has none, while signals come: SIGUSR1 changes nothing, but with
 * SIGSTKFLT the report of the bug saw events that nobody had caused. */
#include "counters.h"
#include <signal.h>

enum { SIGNALS = 20, HLE_RETIRED_START = 0x5101c8 };

static void handler(int signal) { (void)signal; }

static uint64_t with(int fd, int signal_number) {
  const uint64_t before = read_counter(fd);
  for (int i = 0; i < SIGNALS; i++) {
    branches(1000);
    CHECK(raise(signal_number) == 0);
  }
  return read_counter(fd) - before;
}

int main(void) {
  CHECK(signal(SIGUSR1, handler) != SIG_ERR && signal(SIGSTKFLT, handler) != SIG_ERR);
  const int fd = open_counter(HLE_RETIRED_START, 0, 0);
  require_counter(fd, "no counter of elided locks");
  enable(fd);
  const uint64_t usual = with(fd, SIGUSR1), spurious = with(fd, SIGSTKFLT);
  printf("SIGUSR1: %s, SIGSTKFLT: %s\n", usual ? "events" : "none", spurious ? "events" : "none");
  return succeed();
}
